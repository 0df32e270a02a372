import { type Logger, pino } from 'pino'

export type { Logger }

/**
 * The one logger. Static messages, data in fields. People's words, numbers and digits go under the one key `private`,
 * which is never printed; keys and tokens are not given to a logger at all.
 */
export function makeLog(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: ['private', '*.private'], censor: '[redacted]' },
  })
}
