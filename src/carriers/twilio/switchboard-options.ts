import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Admission } from '../../call/admission.ts'
import type { CallInfo } from '../../call/info.ts'
import type { CallStore } from '../../call/store.ts'
import type { PublicAddress } from './address.ts'
import type { OverflowPlan } from './overflow.ts'

export interface SwitchboardOptions {
  /** Whether there is room for a new call. */
  readonly admission: Admission
  /** What callers get for whom there is none. */
  readonly overflow: OverflowPlan
  /** Who is dialled when nothing else helps: E.164 or SIP. */
  readonly fallbackNumber: string | undefined
  /** How often the line of a call may be lost, `max` times in any `windowMs`. */
  readonly resume: { readonly max: number; readonly windowMs: number }
  readonly store: CallStore
  /** The key of its streams' tokens comes of them; none: calls are taken from this machine only. */
  readonly authTokens: readonly string[]
  readonly clock: Clock
  /** [ms since 1970]: what is kept for other processes is in their time. */
  readonly now: () => number
  readonly log: Logger
}

/** The way that a promised stream comes by. */
export interface Road {
  readonly address: PublicAddress
  /** Tells who will carry it; returns the path behind the media door's. */
  expect(info: CallInfo): string
}
