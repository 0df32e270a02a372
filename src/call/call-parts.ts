import type { Clock } from '../base/clock.ts'
import type { Ticker } from '../base/ticker.ts'
import type { Agent } from './agent.ts'
import type { CallNews } from './call-news.ts'
import type { CarrierLeg } from './carrier.ts'
import type { CallerEar } from './ear.ts'
import type { EnduringSession } from './enduring-session.ts'
import type { CallInfo } from './info.ts'
import type { Latencies } from './latencies.ts'
import type { Taps } from './taps.ts'
import type { Transcript } from './transcript.ts'

/** Everything that a call is made of. */
export interface CallParts {
  readonly leg: CarrierLeg
  readonly session: EnduringSession
  readonly ear: CallerEar
  readonly transcript: Transcript
  readonly agent: Agent
  readonly info: CallInfo
  readonly clock: Clock
  /** The shared 20 ms beat. */
  readonly ticker: Ticker
  readonly latencies: Latencies
  /** When the stream began [ms of the clock]. */
  readonly startedMs: number
  readonly taps: Taps
  /** Takes everything that happens; must not throw. */
  readonly tell: (news: CallNews) => void
}
