import type { RealtimeProvider } from './provider.ts'
import type { Loss, Reached } from './reach.ts'

/** Where sessions come from. */
export interface SessionSource {
  /** The first one, which has been on its way since the call was announced. */
  readonly first: Promise<Reached>
  /** Opens another one; rejects when there is none to be had, or with the reason of `signal`. */
  readonly find: (signal: AbortSignal, loss?: Loss) => Promise<Reached>
  /** Opens another one of the same provider's, once: the one in use becomes too old. */
  readonly renew: (provider: RealtimeProvider, signal: AbortSignal) => Promise<Reached>
  /** Nobody takes the first one: what is opened, or will be, is released. */
  readonly abandon: (reason: unknown) => void
}
