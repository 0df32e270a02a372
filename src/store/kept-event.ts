import type { CallEvent } from '../call/events.ts'

/** What is kept of an event: all of it but which key was pressed, which may be of a card or a PIN. */
export function keptOf(event: CallEvent): CallEvent {
  return event.type === 'dtmf' ? { ...event, digit: '*' } : event
}
