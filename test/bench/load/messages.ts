/** How sound and events are named between a bridge and its model. */
export type Dialect = 'qwen' | 'openai'

/** What the carrier's process is started with, as JSON in its first argument. */
export interface CarrierSetup {
  /** `http:` the voice webhook that says where the media socket is; `ws:` the media socket itself. */
  readonly target: string
  /** Of the model behind a relay, whose words come through. */
  readonly dialect: Dialect
}

/** What the model's process is started with. */
export interface ModelSetup {
  readonly dialect: Dialect
  /** Sound in one delta [ms]. */
  readonly deltaMs: number
}

/** From the bench to the peers, over the process's own channel. */
export type Order =
  | { readonly type: 'open'; readonly call: number }
  /** Callers send no more sound; each ends on a multiple of 300 ms, which every batch size divides. */
  | { readonly type: 'hush' }
  | { readonly type: 'count' }
  | { readonly type: 'report' }
  | { readonly type: 'hang-up' }

/** From the peers to the bench. */
export type News =
  | { readonly type: 'listening'; readonly url: string }
  | { readonly type: 'opened'; readonly call: number }
  | { readonly type: 'hushed' }
  /** Caller's sound that all sessions have heard [ms]. */
  | { readonly type: 'counted'; readonly heardMs: number }
  | {
      readonly type: 'report'
      readonly calls: readonly CallLog[] /** time, lag, time, lag … [ms] */
      readonly lags: Float64Array
    }
  | { readonly type: 'hung-up' }
  | { readonly type: 'failed'; readonly message: string }

/**
 * What one end saw of one call; times of one clock [ms].
 *
 * ```
 *   carrier: sound sent, and heard      model: sound heard, and sent
 * ```
 */
export interface CallLog {
  /** Caller's sound: when each piece was sent, or received. */
  readonly uplinkAt: Float64Array
  /** Caller's sound up to and with each piece [ms of sound]. */
  readonly uplinkMs: Float64Array
  /** First piece of each answer, sent or received. */
  readonly answersAt: Float64Array
  /** `speech_started` sent, or `clear` received. */
  readonly cutsAt: Float64Array
  /** Agent's sound [ms] and messages that carried it. */
  readonly downlinkMs: number
  readonly downlinkMessages: number
}
