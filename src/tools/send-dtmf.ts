import { type Tool, ToolError } from '../call/tool.ts'
import { textArgument } from './argument.ts'

const MAX_DIGITS = 32

/**
 * Lets the model press keys, for a menu at the other end. The stream ends for it and opens again after.
 * `w` waits half a second; `W`, a second in other places of telephony, is sent as `ww`, for `<Play digits>` has only `w`.
 */
export const sendDtmf: Tool = {
  declaration: {
    name: 'send_dtmf',
    description: 'Presses keys on the telephone line, for a menu or an extension. You go on with the call afterwards.',
    parameters: {
      type: 'object',
      properties: {
        digits: {
          type: 'string',
          pattern: `^[0-9*#wW]{1,${MAX_DIGITS}}$`,
          description: 'Keys 0-9, * and #, in order; w waits half a second, W a second.',
        },
      },
      required: ['digits'],
      additionalProperties: false,
    },
  },
  deadlineMs: 1000,
  async run(args, context) {
    const digits = textArgument(args, 'digits').replaceAll('W', 'ww')
    if (!/^[0-9*#w]+$/.test(digits)) throw new ToolError('digits: only 0-9, *, #, w and W are possible')
    if (digits.length > MAX_DIGITS) {
      throw new ToolError(`digits: at most ${MAX_DIGITS} keys and half seconds of waiting are possible`)
    }
    context.leave({ type: 'digits', digits })
    return 'The keys are pressed as soon as you have been heard. Say nothing more; you are back on the line right after.'
  },
}
