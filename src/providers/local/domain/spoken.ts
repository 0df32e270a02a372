/** Hours, minutes and small numbers as English callers say them, and back into words that a voice reads well. */

const NUMBERS: Record<string, number> = {
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  fifteen: 15,
  twenty: 20,
}
const WORDS = new Map(Object.entries(NUMBERS).map(([word, value]) => [value, word]))
const MINUTES: Record<string, number> = { fifteen: 15, thirty: 30, 'forty five': 45 }
const MINUTE_WORDS = new Map(Object.entries(MINUTES).map(([word, value]) => [value, word]))

const HOUR = 'one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve'
const NUMBER = Object.keys(NUMBERS).join('|')
const HALF_DAY = 'a m|p m|in the morning|in the afternoon|in the evening|at night'
const DAYS = 'monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|tonight|tomorrow'
/** What makes a number a time of day: minutes, o'clock or a half of the day behind it. */
const CLOCK_TAIL = `fifteen|thirty|forty five|o'clock|${HALF_DAY}`

const bareNumber = new RegExp(`^(${NUMBER})$`)
const clock = new RegExp(
  `\\b(?:(?<to>quarter to|quarter past|half past) )?(?<hour>${HOUR})(?: (?<minutes>fifteen|thirty|forty five))?(?: (?<oclock>o'clock))?(?: (?<half>${HALF_DAY}))?(?= |$)`,
  'g',
)
const noon = /\b(noon|midday)\b/

/** A number alone: `'four'` is 4; undefined for anything else. */
export function numberIn(text: string): number | undefined {
  const word = bareNumber.exec(text)?.[1]
  return word === undefined ? undefined : NUMBERS[word]
}

/** A number of people: "for four", "four people", "party of four", "four on friday"; undefined when none is named. */
export function peopleIn(text: string): number | undefined {
  const counted = new RegExp(`\\b(${NUMBER}) (?:people|persons?|guests|adults|of us)\\b`).exec(text)
  const named = new RegExp(`\\b(?:for|of|table) (${NUMBER})\\b(?! (?:${CLOCK_TAIL}))`).exec(text)
  const leading = new RegExp(`^(${NUMBER}) (?:on |for )?(?:${DAYS})\\b`).exec(text)
  const word = counted?.[1] ?? named?.[1] ?? leading?.[1]
  return word === undefined ? undefined : NUMBERS[word]
}

/**
 * A time of day, as `HH:MM`: "seven thirty", "at seven", "half past seven", "noon". A bare hour counts only after "at",
 * "around" or "about", or when a time is `asked` for. Without a.m. or p.m., one to eleven are after noon.
 */
export function timeIn(text: string, asked = false): string | undefined {
  if (noon.test(text)) return '12:00'
  for (const match of text.matchAll(clock)) {
    const { to, hour = '', minutes, oclock, half } = match.groups ?? {}
    const led = /(?:^| )(?:at|around|about)$/.test(text.slice(0, match.index).trimEnd())
    const alone = asked && text === hour
    if (!to && !minutes && !oclock && !half && !led && !alone) continue
    return clockTime(NUMBERS[hour] ?? 0, minutesOf(to, minutes), half)
  }
  return undefined
}

/** "19:30" as "seven thirty in the evening". */
export function sayTime(time: string): string {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  if (hours === 12 && minutes === 0) return 'noon'
  const words = [WORDS.get(hours % 12 || 12), MINUTE_WORDS.get(minutes)].filter((word) => word !== undefined).join(' ')
  if (hours < 12) return `${words} in the morning`
  return hours < 17 ? `${words} in the afternoon` : `${words} in the evening`
}

/** 4 as "four"; numbers that no caller can say stay digits. */
export function sayNumber(value: number): string {
  return WORDS.get(value) ?? String(value)
}

function minutesOf(to: string | undefined, minutes: string | undefined): number {
  if (to === 'half past') return 30
  if (to === 'quarter past') return 15
  if (to === 'quarter to') return -15
  return minutes === undefined ? 0 : (MINUTES[minutes] ?? 0)
}

function clockTime(hour: number, minutes: number, half: string | undefined): string {
  const morning = half === 'a m' || half === 'in the morning'
  const hours = (hour % 12) + (morning ? 0 : 12)
  const total = hours * 60 + minutes
  return `${String(Math.floor(total / 60)).padStart(2, '0')}:${String(total % 60).padStart(2, '0')}`
}
