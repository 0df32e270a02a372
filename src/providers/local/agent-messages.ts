/** The name the embedded agent goes by on the wire. It is none of Qwen's: nobody shall take the one for the other. */
export const LOCAL_MODEL = 'embedded-demo'

/** What the agent's thread is started with. */
export interface AgentWorkerData {
  readonly apiKey: string
  readonly maxCalls: number
  /** 0: any. */
  readonly port: number
}

/** What it says: first that it listens, then what failed for one call and does not end it. */
export type AgentMessage =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'failed'; readonly reason: string }
