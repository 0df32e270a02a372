import type { Tool } from '../call/tool.ts'

/** Lets the model hang up. The line is held until what it still says has been heard: the call sees to that. */
export const endCall: Tool = {
  declaration: {
    name: 'end_call',
    description:
      'Ends the phone call. Use it when the caller has said goodbye or wants nothing more. ' +
      'Say a short goodbye first; the line is held until it has been heard.',
    parameters: { type: 'object', properties: {}, additionalProperties: false },
  },
  deadlineMs: 1000,
  async run(_args, context) {
    context.leave({ type: 'hang-up' })
    return 'The call ends as soon as you have been heard. If you have not said goodbye, say one short sentence now; else say nothing.'
  },
}
