import { CallError } from '../base/errors.ts'
import type { CallOutcome, EndReason } from './events.ts'

/** An outcome whose reason is a lost end, with the code of what went wrong. */
export function misfortune(reason: EndReason, error: unknown): CallOutcome {
  return { reason, ...codeOf(error) }
}

/** The code of what went wrong, where it has one. */
export function codeOf(error: unknown): Pick<CallOutcome, 'code'> {
  return error instanceof CallError ? { code: error.code } : {}
}
