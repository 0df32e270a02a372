import { type Tool, ToolError } from '../call/tool.ts'
import { textArgument } from './argument.ts'

/**
 * Lets the model hand the caller over to a human. It names one of `targets` (name to number); the numbers are the
 * operator's, and no number of the model's is ever dialled.
 * @throws RangeError when there is nobody to transfer to.
 */
export function makeTransferCall(targets: Readonly<Record<string, string>>): Tool {
  const names = Object.keys(targets)
  if (names.length === 0) throw new RangeError('transfer_call needs at least one destination')
  return {
    declaration: {
      name: 'transfer_call',
      description:
        'Hands the caller over to a human. Tell the caller first whom you connect them to. ' +
        'If nobody answers, the caller comes back to you.',
      parameters: {
        type: 'object',
        properties: { destination: { type: 'string', enum: names, description: 'Who should take the call.' } },
        required: ['destination'],
        additionalProperties: false,
      },
    },
    deadlineMs: 1000,
    async run(args, context) {
      const destination = textArgument(args, 'destination')
      const number = Object.hasOwn(targets, destination) ? targets[destination] : undefined
      if (number === undefined) throw new ToolError(`destination: only these are possible: ${names.join(', ')}`)
      context.leave({ type: 'transfer', destination, number })
      return 'The caller is connected as soon as you have been heard. If you have not announced it, say one short sentence now; else say nothing.'
    },
  }
}
