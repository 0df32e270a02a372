import { suggestion } from './suggestion.ts'

/** What a text may ask of its call. Values are data from strangers. */
export interface Variables {
  readonly caller: string
  readonly called: string
  readonly callId: string
  readonly date: string
  readonly time: string
}

const names: readonly (keyof Variables)[] = ['caller', 'called', 'callId', 'date', 'time']

/** Longest value that is filled in: a SIP address fits, a speech does not. */
const VALUE_MAX = 64

const isName = (name: string): name is keyof Variables => (names as readonly string[]).includes(name)

/** What is wrong with a text's `{{variables}}`, a line each. */
export function templateProblems(text: string): readonly string[] {
  const problems: string[] = []
  const rest = text.replace(/\{\{([^{}]*)\}\}/g, (_, inner: string) => {
    const name = inner.trim()
    if (!isName(name)) problems.push(`there is no variable {{${name.slice(0, 40)}}}${suggestion(name, names)}`)
    return ''
  })
  if (rest.includes('{{')) problems.push('there is a {{ without its }}')
  return problems
}

/**
 * The text with its variables filled in, each by its value as data: one pass, so that a value is never read as a text
 * with variables itself. An unknown variable stays as it is.
 */
export function fillTemplate(text: string, values: Variables): string {
  return text.replace(/\{\{([^{}]*)\}\}/g, (whole, inner: string) => {
    const name = inner.trim()
    return isName(name) ? values[name] : whole
  })
}

/**
 * An address of a phone as it may stand in a prompt. Whoever calls over SIP writes their own caller id: of it only what
 * numbers and addresses are made of is left, so no spaces, line breaks, quotes or braces, and no more than 64 of it.
 */
export function phoneAsData(address: string): string {
  const kept = address.replace(/[^A-Za-z0-9+@._:-]/g, '').slice(0, VALUE_MAX)
  return kept === '' ? 'unknown' : kept
}

/** The day and the time of a moment, as they are read out: "Saturday, 21 November 2026" and "14:05". */
export function dateAndTime(moment: Date, timeZone: string): Pick<Variables, 'date' | 'time'> {
  const long = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } as const
  const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, ...long, ...clock }).formatToParts(moment)
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? ''
  return {
    date: `${part('weekday')}, ${part('day')} ${part('month')} ${part('year')}`,
    time: `${part('hour')}:${part('minute')}`,
  }
}
