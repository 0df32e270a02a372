/** Why a call does not come in now. */
export type Refusal =
  | 'draining'
  | 'model-down'
  | 'all-lines-busy'
  | 'caller-busy'
  | 'number-busy'
  | 'caller-too-often'
  | 'number-too-often'
  | 'lagging'

/** Who wants to come in. `from` may be `anonymous`, empty or no number at all. */
export interface Applicant {
  readonly callId: string
  readonly from: string
  readonly to: string
}

/** Keeps the house from being overrun. */
export interface Admission {
  /** Whether a call may come in: `undefined`, and it has its place until `left`. A call that has one keeps it. */
  ask(call: Applicant): Refusal | undefined
  /** The call is over, however it ended. Harmless when it never had a place. */
  left(callId: string): void
}
