/**
 * What can go wrong with a call, for machines (metrics, the apology, the end reason). Our own mistakes throw TypeError
 * or RangeError instead.
 *
 * | code               | meaning                                                                |
 * |--------------------|------------------------------------------------------------------------|
 * | carrier-protocol   | the carrier broke its own protocol (no `start`, a frame over the limit) |
 * | carrier-lost       | the carrier's socket broke or went silent                              |
 * | provider-refused   | key, account or model refused; trying again will not help              |
 * | provider-config    | the model refused our settings (voice, ranges); an operator must act   |
 * | provider-busy      | rate or concurrency limit; later it may work                           |
 * | provider-timeout   | the model did not answer within its deadline                           |
 * | provider-lost      | the model's socket broke, or its backend failed; trying again may help |
 * | provider-protocol  | the model sent what no page describes and we cannot go on              |
 */
export type ErrorCode =
  | 'carrier-protocol'
  | 'carrier-lost'
  | 'provider-refused'
  | 'provider-config'
  | 'provider-busy'
  | 'provider-timeout'
  | 'provider-lost'
  | 'provider-protocol'

/** A call's misfortune. `message` is for logs: it never holds a key, a caller's words or a number. */
export class CallError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CallError'
    this.code = code
  }
}
