import { type Language, localeOf } from './language.ts'

/** `4:07`, `1:02:03`: a length as a clock would show it, full seconds. */
export function clockOf(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const two = (n: number) => String(n).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** `4:07.3`: where in a call something was, to the tenth. */
export function momentOf(ms: number): string {
  return `${clockOf(ms)}.${Math.floor(Math.max(0, ms) / 100) % 10}`
}

/** `640 ms`, `2.4 s`: how long something took. */
export function tookOf(ms: number, language: Language): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  return `${(ms / 1000).toLocaleString(localeOf[language], digits(ms < 10_000 ? 1 : 0))} s`
}

/** `3 h 12 min`, `45 min`, `2 d 4 h`, `12 s`: a long time, in its two largest units; in the words of the language. */
export function spanOf(ms: number, language: Language): string {
  const unit = (n: number, name: 'day' | 'hour' | 'minute' | 'second') =>
    n.toLocaleString(localeOf[language], { style: 'unit', unit: name, unitDisplay: 'short' })
  if (ms < 60_000) return unit(Math.floor(ms / 1000), 'second')
  const minutes = Math.floor(ms / 60_000)
  const [d, h, m] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60]
  if (d > 0) return `${unit(d, 'day')} ${unit(h, 'hour')}`
  return h > 0 ? `${unit(h, 'hour')} ${unit(m, 'minute')}` : unit(m, 'minute')
}

/** Date and time of day, to the minute. */
export function whenOf(at: number, language: Language): string {
  return new Date(at).toLocaleString(localeOf[language], { dateStyle: 'medium', timeStyle: 'short' })
}

/** The time of day, to the second. */
export function timeOf(at: number, language: Language): string {
  return new Date(at).toLocaleTimeString(localeOf[language], { timeStyle: 'medium' })
}

/** A day, or an hour of one, as a chart's axis has it. Days are those of UTC, as they were counted. */
export function stepLabelOf(at: number, step: 'hour' | 'day', language: Language): string {
  return new Date(at).toLocaleString(
    localeOf[language],
    step === 'day'
      ? { month: 'short', day: 'numeric', timeZone: 'UTC' }
      : { weekday: 'short', hour: '2-digit', minute: '2-digit' },
  )
}

/** An amount of money; small ones, as calls are, with four decimals. */
export function moneyOf(amount: number, currency: string, language: Language): string {
  const digits = amount !== 0 && Math.abs(amount) < 1 ? 4 : 2
  try {
    return amount.toLocaleString(localeOf[language], {
      style: 'currency',
      currency,
      currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: 2,
      maximumFractionDigits: digits,
    })
  } catch {
    // Three letters that are no currency: the operator's own word for it.
    return `${amount.toFixed(digits)} ${currency}`
  }
}

/** `1.2 MB` */
export function sizeOf(bytes: number, language: Language): string {
  const [value, unit] =
    bytes >= 1e6 ? [bytes / 1e6, 'megabyte'] : bytes >= 1000 ? [bytes / 1000, 'kilobyte'] : [bytes, 'byte']
  return Number(value).toLocaleString(localeOf[language], {
    style: 'unit',
    unit: String(unit),
    unitDisplay: 'short',
    maximumFractionDigits: 1,
  })
}

/** A number, as the language groups its digits; with no more than so many decimals. */
export function countOf(n: number, language: Language, decimals = 1): string {
  return n.toLocaleString(localeOf[language], { maximumFractionDigits: decimals })
}

/** A mean of something that is counted: `0.35`, `12.5`; what is less than a hundredth is not called nothing. */
export function meanOf(n: number, language: Language): string {
  if (n > 0 && n < 0.005) return `< ${(0.01).toLocaleString(localeOf[language])}`
  return n === 0 ? '0' : n.toLocaleString(localeOf[language], digits(n < 10 ? 2 : 1))
}

/** As many decimals, no more and no less: columns of numbers are read by their places. */
function digits(n: number): Intl.NumberFormatOptions {
  return { minimumFractionDigits: n, maximumFractionDigits: n }
}
