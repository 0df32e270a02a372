import type { Logger } from '../base/log.ts'
import type { CallEvent } from '../call/events.ts'

/** What an operator wants to read of a call that went well too. */
const news: readonly CallEvent['type'][] = [
  'answered',
  'provider-lost',
  'provider-restored',
  'session-renewed',
  'ended',
]

/** The log of a call: that it came, what went wrong, how it ended. Never what was said, typed, or found out by a tool. */
export function recordInLog(log: Logger, callId: string, event: CallEvent): void {
  if (event.type === 'said' || event.type === 'heard' || event.type === 'dtmf') return
  const { type, ...data } = event.type === 'tool-answered' ? { ...event, output: undefined } : event
  if (news.includes(type)) log.info({ callId, ...data }, `call ${type}`)
  else log.debug({ callId, ...data }, `call ${type}`)
}
