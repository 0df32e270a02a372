import type { Logger } from '../base/log.ts'
import type { CallEvent } from '../call/events.ts'
import { shownToolName } from './shown-tool-name.ts'

/** What an operator wants to read of a call that went well too. */
const news: readonly CallEvent['type'][] = [
  'answered',
  'provider-lost',
  'provider-restored',
  'session-renewed',
  'operator',
  'ended',
]

/**
 * What of an event may be in a log. Written down by what may, not by what may not: a field that an event is given one
 * day stays out until somebody has thought about it. Nothing that was said, typed, whispered, found out by a tool or made
 * of it all, and no number; a `false` event is not logged at all.
 */
const told: { readonly [T in CallEvent['type']]: readonly (keyof Extract<CallEvent, { type: T }>)[] | false } = {
  answered: ['atMs', 'provider', 'agent', 'resumed'],
  connected: ['atMs', 'provider'],
  'caller-speech-started': ['atMs'],
  'caller-speech-stopped': ['atMs'],
  'response-started': ['atMs', 'responseId'],
  'response-ended': ['atMs', 'responseId', 'status', 'usage'],
  'agent-audible': ['atMs', 'responseId', 'latencyMs'],
  said: false,
  heard: false,
  held: ['atMs', 'by', 'yieldMs'],
  resumed: ['atMs', 'heldMs'],
  'barge-in': ['atMs', 'by', 'heardMs', 'unheardMs', 'yieldMs'],
  prompted: ['atMs', 'why'],
  dtmf: false,
  'tool-called': ['atMs', 'toolCallId', 'name'],
  'tool-answered': ['atMs', 'toolCallId', 'name', 'ok'],
  'provider-lost': ['atMs', 'code'],
  'provider-restored': ['atMs', 'provider'],
  'session-renewed': ['atMs', 'provider'],
  operator: ['atMs', 'did'],
  ended: ['atMs', 'reason', 'code', 'counters', 'latency'],
  analysed: false,
}

/** The log of a call: that it came, what went wrong, what operators did to it, how it ended. */
export function recordInLog(log: Logger, callId: string, event: CallEvent): void {
  const { type } = event
  const names: readonly string[] | false = told[type]
  if (names === false) return
  const discreet = 'name' in event ? { ...event, name: shownToolName(event.name) } : event
  const data = Object.fromEntries(Object.entries(discreet).filter(([name]) => names.includes(name)))
  if (news.includes(type)) log.info({ callId, ...data }, `call ${type}`)
  else log.debug({ callId, ...data }, `call ${type}`)
}
