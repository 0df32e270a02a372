import { z } from 'zod'
import type { CallFilter } from '../call/archive.ts'
import type { EndReason } from '../call/events.ts'
import { ProblemError } from './problem.ts'

/** A field of a query or a body: what it takes, and what is said when it gets something else. */
type Fields = Readonly<Record<string, readonly [z.ZodType, string]>>
type Read<F extends Fields> = { readonly [K in keyof F]: z.infer<F[K][0]> }

/**
 * Reads the fields of a query or a body.
 * @throws ProblemError, 400, for the first field that is wrong, and for one that there is not.
 */
export function readFields<F extends Fields>(fields: F, given: unknown): Read<F> {
  const values = typeof given === 'object' && given !== null && !Array.isArray(given) ? { ...given } : undefined
  if (values === undefined) throw new ProblemError(400, `body: expected ${Object.keys(fields).join(', ')}, got none`)
  const stranger = Object.keys(values).find((name) => !Object.hasOwn(fields, name))
  if (stranger !== undefined) {
    throw new ProblemError(400, `${stranger.slice(0, 40)}: expected one of ${Object.keys(fields).join(', ')}`)
  }
  const read = Object.entries(fields).map(([name, [type, expected]]) => {
    const value: unknown = Object.hasOwn(values, name) ? Reflect.get(values, name) : undefined
    const parsed = type.safeParse(value)
    if (!parsed.success) throw new ProblemError(400, `${name}: expected ${expected}, got ${shown(value)}`)
    return [name, parsed.data]
  })
  return Object.fromEntries(read) as Read<F>
}

function shown(value: unknown): string {
  return value === undefined ? 'none' : (JSON.stringify(value) ?? 'none').slice(0, 60)
}

/** Every reason there is, in the order of the events' own list. */
export const endReasons = [
  'caller-hung-up',
  'agent-hung-up',
  'operator-hung-up',
  'handed-over',
  'max-duration',
  'carrier-lost',
  'provider-lost',
  'shutdown',
] as const satisfies readonly EndReason[]

const text = (length: number) => z.string().min(1).max(length).optional()
const at = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
  .optional()
const AT = 'milliseconds since 1970, a whole number'

const filterFields = {
  number: [text(64), 'digits of a number, at most 64'],
  agent: [text(200), 'the name of an agent'],
  reason: [z.enum(endReasons).optional(), `one of ${endReasons.join(', ')}`],
  fromAt: [at, AT],
  untilAt: [at, AT],
  words: [text(200), 'words, at most 200 characters'],
} satisfies Fields

const limit = z
  .string()
  .regex(/^\d{1,3}$/)
  .transform(Number)
  .refine((value) => value >= 1 && value <= 500)

/** What calls are looked for by, page after page. */
export const historyFields = {
  ...filterFields,
  limit: [limit.optional(), 'a whole number from 1 to 500'],
  next: [text(1000), 'what the page before gave'],
} satisfies Fields

/** What is summed up, and in which steps. */
export const trendFields = {
  ...filterFields,
  step: [z.enum(['hour', 'day']).optional(), 'hour or day'],
} satisfies Fields

/** Which calls are exported. */
export const exportFields = filterFields

/** A filter of what was read, without what was not given. */
export function filterOf(read: Read<typeof filterFields>): CallFilter {
  const { number, agent, reason, fromAt, untilAt, words } = read
  const given = Object.entries({ number, agent, reason, fromAt, untilAt, words })
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}
