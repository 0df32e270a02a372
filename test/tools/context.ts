import type { Continuation } from '../../src/call/info.ts'
import type { Tool, ToolContext } from '../../src/call/tool.ts'

/** A call that a tool can be run for, and what the tool did to it. */
export function makeContext(given: Partial<Omit<ToolContext, 'leave'>> = {}): ToolContext & { left: Continuation[] } {
  const left: Continuation[] = []
  return {
    callId: 'call-1',
    from: '+15550100001',
    to: '+15550100002',
    signal: new AbortController().signal,
    ...given,
    left,
    leave: (next) => left.push(next),
  }
}

/** What the model is told of a failure, for a tool that must fail. */
export async function refusal(tool: Tool, args: unknown, context: ToolContext = makeContext()): Promise<string> {
  try {
    await tool.run(args, context)
  } catch (error) {
    if (error instanceof Error && error.name === 'ToolError') return error.message
    throw error
  }
  throw new Error('the tool did not fail')
}
