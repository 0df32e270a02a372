/** The body of an `error` event. Many errors of the service leave `code` and `param` empty: clients match `message`. */
export interface WireError {
  readonly type: string
  readonly code: string
  readonly message: string
  readonly param: string
}

/** A request that the service refuses without naming a field. */
export function invalidRequest(message: string): WireError {
  return { type: 'invalid_request_error', code: '', message, param: '' }
}

/** A value out of its range; `param` is its path, `session.modalities`. */
export function invalidValue(message: string, param: string): WireError {
  return { type: 'invalid_request_error', code: 'invalid_value', message, param }
}

/** What the service says when its own backend fails. */
export function commonError(message: string): WireError {
  return { type: 'server_error', code: 'COMMON_ERROR', message, param: '' }
}

/** Thrown while a client's event is read; it becomes an `error` event and nothing else changes. */
export class Refusal extends Error {
  readonly error: WireError
  /** The service closes the connection after this one. */
  readonly fatal: boolean

  constructor(error: WireError, fatal = false) {
    super(error.message)
    this.name = 'Refusal'
    this.error = error
    this.fatal = fatal
  }
}
