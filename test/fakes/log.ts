import type { Logger } from '../../src/base/log.ts'

export interface LogRecord {
  readonly level: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** A log that a test can read, with what its children say. */
export function makeLogRecorder(): { readonly log: Logger; readonly records: LogRecord[] } {
  const records: LogRecord[] = []
  const make = (bindings: Readonly<Record<string, unknown>>): unknown => {
    const at =
      (level: string) =>
      (first: string | Readonly<Record<string, unknown>>, message = '') => {
        const fields = typeof first === 'string' ? {} : first
        records.push({
          level,
          fields: { ...bindings, ...fields },
          message: typeof first === 'string' ? first : message,
        })
      }
    const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
    return {
      level: 'silent',
      ...Object.fromEntries(levels.map((level) => [level, at(level)])),
      child: (more: Readonly<Record<string, unknown>>) => make({ ...bindings, ...more }),
    }
  }
  return { log: make({}) as Logger, records }
}
