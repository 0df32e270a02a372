import { z } from 'zod'
import type { Clock } from '../../src/base/clock.ts'
import type { Tool } from '../../src/call/tool.ts'
import { endCall } from '../../src/tools/end-call.ts'
import { sendDtmf } from '../../src/tools/send-dtmf.ts'
import { makeTransferCall } from '../../src/tools/transfer-call.ts'

/** A tool as a call's file names it: a real one, or one that answers after a while. */
export const tool = z.union([
  z.enum(['end_call', 'send_dtmf']),
  z.strictObject({ transfer_call: z.record(z.string(), z.string()) }),
  z.strictObject({
    name: z.string(),
    answersAfterMs: z.number().nonnegative(),
    output: z.unknown(),
    deadlineMs: z.number().positive().default(10_000),
    parameters: z.record(z.string(), z.unknown()).default({ type: 'object' }),
  }),
])

export function makeTool(described: z.infer<typeof tool>, clock: Clock): Tool {
  if (described === 'end_call') return endCall
  if (described === 'send_dtmf') return sendDtmf
  if ('transfer_call' in described) return makeTransferCall(described.transfer_call)
  const { name, answersAfterMs, output, deadlineMs, parameters } = described
  return {
    declaration: { name, description: name, parameters },
    deadlineMs,
    run: (_args, { signal }) => new Promise((resolve) => clock.after(answersAfterMs, () => resolve(output), signal)),
  }
}
