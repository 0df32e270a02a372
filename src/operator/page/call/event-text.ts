import type { KeptEvent } from '../../../call/archive.ts'

/** What an event says besides its name and its time, in one line: `latencyMs 640 · responseId r1`. */
export function eventText({ event }: KeptEvent): string {
  return fieldsOf(event as Readonly<Record<string, unknown>>, ['type', 'atMs', 'place']).join(' · ')
}

function fieldsOf(fields: Readonly<Record<string, unknown>>, without: readonly string[]): readonly string[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    if (without.includes(name) || value === undefined || value === '') return []
    return [`${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`]
  })
}

/** Which events are looked at: those of a type, and those that have the text anywhere in them, in any case. */
export function eventsWith(events: readonly KeptEvent[], type: string, text: string): readonly KeptEvent[] {
  const wanted = text.trim().toLowerCase()
  return events.filter(
    (kept) =>
      (type === '' || kept.event.type === type) &&
      (wanted === '' || `${kept.event.type} ${eventText(kept)}`.toLowerCase().includes(wanted)),
  )
}

/** The types that there are, in order of their names, and how many of each. */
export function typesOf(events: readonly KeptEvent[]): readonly (readonly [type: string, count: number])[] {
  const counts = new Map<string, number>()
  for (const { event } of events) counts.set(event.type, (counts.get(event.type) ?? 0) + 1)
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))
}
