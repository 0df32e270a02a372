import { z } from 'zod'
import type { Clock } from '../../base/clock.ts'
import { type Tool, ToolError } from '../../call/tool.ts'
import { endCall } from '../../tools/end-call.ts'
import { sendDtmf } from '../../tools/send-dtmf.ts'
import { makeTransferCall } from '../../tools/transfer-call.ts'

const ms = z.number().nonnegative()
const declared = {
  name: z.string(),
  deadlineMs: z.number().positive().default(10_000),
  parameters: z.record(z.string(), z.unknown()).default({ type: 'object' }),
}

/** A tool as a call's file names it: a real one, one that answers after a while, or one whose answers were recorded. */
export const tool = z.union([
  z.enum(['end_call', 'send_dtmf']),
  z.strictObject({ transfer_call: z.record(z.string(), z.string()) }),
  z.strictObject({ ...declared, answersAfterMs: ms, output: z.unknown() }),
  z.strictObject({
    ...declared,
    description: z.string(),
    /** Of each time that it is run, in order; `null`: none came. `error`: it failed with these words. */
    answers: z.array(
      z.union([
        z.strictObject({ afterMs: ms, output: z.string() }),
        z.strictObject({ afterMs: ms, error: z.string() }),
        z.null(),
      ]),
    ),
  }),
])

export type DescribedTool = z.infer<typeof tool>
type Recorded = Extract<DescribedTool, { answers: unknown }>

/** A tool of its own for each stream: one whose answers were recorded counts them. */
export function makeTool(described: DescribedTool, clock: Clock): Tool {
  if (described === 'end_call') return endCall
  if (described === 'send_dtmf') return sendDtmf
  if ('transfer_call' in described) return makeTransferCall(described.transfer_call)
  if ('answers' in described) return makeRecordedTool(described, clock)
  const { name, answersAfterMs, output, deadlineMs, parameters } = described
  return {
    declaration: { name, description: name, parameters },
    deadlineMs,
    run: (_args, { signal }) => new Promise((resolve) => clock.after(answersAfterMs, () => resolve(output), signal)),
  }
}

function makeRecordedTool({ name, description, parameters, deadlineMs, answers }: Recorded, clock: Clock): Tool {
  const left = [...answers]
  return {
    declaration: { name, description, parameters },
    deadlineMs,
    run(_args, { signal }) {
      const answer = left.shift()
      return new Promise((resolve, reject) => {
        if (answer === undefined) reject(new ToolError('it was not called so often when this was recorded'))
        else if (answer !== null) {
          const tell = () => ('output' in answer ? resolve(answer.output) : reject(new ToolError(answer.error)))
          clock.after(answer.afterMs, tell, signal)
        }
      })
    },
  }
}
