import type { CallEvent } from '../call/events.ts'

/** What is kept of an event: all of it but which key was pressed, which may be of a card or a PIN. */
export function keptOf(event: CallEvent): CallEvent {
  return event.type === 'dtmf' ? { ...event, digit: '*' } : event
}

/** An event out of its JSON. Those of calls before had no agent and no numbers. */
export function eventIn(text: string): CallEvent {
  const event = JSON.parse(text) as CallEvent
  return event.type === 'answered' ? { ...{ agent: '', from: '', to: '' }, ...event } : event
}
