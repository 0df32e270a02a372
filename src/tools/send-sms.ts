import { type Tool, ToolError } from '../call/tool.ts'
import { textArgument } from './argument.ts'

/**
 * Sends one text message and resolves when it is accepted. It is never tried twice: a repeated message costs, too.
 * @throws Error when it was not accepted; the reason of `signal` when that aborts first.
 */
export type SendSms = (to: string, text: string, signal: AbortSignal) => Promise<void>

const MAX_LENGTH = 640
const MAX_PER_CALL = 3
const CALLS_REMEMBERED = 1000
const E164 = /^\+[1-9]\d{6,14}$/

/**
 * Lets the model text the caller of this call, and nobody else: it has no say in the number. A caller's number can be
 * forged, so one agent of one process sends three messages a call at most.
 */
export function makeSendSms(send: SendSms): Tool {
  const sent = new Map<string, number>()
  return {
    declaration: {
      name: 'send_sms',
      description:
        'Sends a text message to the phone number that the caller is calling from. It cannot go to any other number.',
      parameters: {
        type: 'object',
        properties: { text: { type: 'string', minLength: 1, maxLength: MAX_LENGTH, description: 'The message.' } },
        required: ['text'],
        additionalProperties: false,
      },
    },
    deadlineMs: 8000,
    async run(args, { callId, from, signal }) {
      const text = textArgument(args, 'text')
      if (text.trim() === '' || text.length > MAX_LENGTH) throw new ToolError(`text: 1 to ${MAX_LENGTH} characters`)
      if (!E164.test(from)) throw new ToolError('the caller withholds their number, so no message can be sent')
      count(sent, callId)
      try {
        await send(from, text, signal)
      } catch {
        throw new ToolError(
          signal.aborted ? 'it is not known whether the message was sent' : 'the message could not be sent',
        )
      }
      return 'The message was sent to the number that the caller is calling from.'
    },
  }
}

/** Counted before sending, so that calls running side by side cannot exceed it. The oldest calls are forgotten first. */
function count(sent: Map<string, number>, callId: string): void {
  const before = sent.get(callId) ?? 0
  if (before >= MAX_PER_CALL) throw new ToolError(`only ${MAX_PER_CALL} messages can be sent in one call`)
  sent.set(callId, before + 1)
  if (sent.size > CALLS_REMEMBERED) for (const oldest of sent.keys()) return void sent.delete(oldest)
}
