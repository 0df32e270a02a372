/** One turn of the conversation with the analyst. */
export interface Turn {
  readonly role: 'user' | 'assistant'
  readonly text: string
}

/** Where the analyst is. */
export interface AnalystService {
  readonly by: 'qwen' | 'dmxapi'
  /** Without the path of the one question: `…/compatible-mode/v1`, `…/v1`. */
  readonly url: string
  readonly model: string
  readonly key: string
}

/** What is asked, once. */
export interface Question {
  readonly turns: readonly Turn[]
  /** WAV files on this machine whose sound goes with the first turn, in order; those that cannot be read are left out. */
  readonly recordings: readonly string[]
}

/** What came of one attempt. */
export type Answer =
  /** `isWhole`: the model said that it was done. */
  { readonly ok: true; readonly text: string; readonly isWhole: boolean } | NoAnswer

interface NoAnswer {
  readonly ok: false
  readonly why: 'status' | 'network' | 'cut' | 'too-long' | 'aborted' | 'thread'
  readonly status?: number
  readonly retryAfterMs?: number
}

/** The same, read: of an answer the object that was found in it and is of the shape, or what is wrong with it. */
export type Judged =
  | {
      readonly ok: true
      /** Its beginning: it is as long as the model likes. */
      readonly text: string
      readonly isWhole: boolean
      readonly reading: Reading
    }
  | NoAnswer

export type Reading = { readonly result: Readonly<Record<string, unknown>> } | { readonly problem: string }

/** What the thread is begun with. */
export interface AnalystTask {
  readonly service: AnalystService
  /** The JSON Schema of an analysis. */
  readonly schema: string
}

/** To the thread. */
export type ToAnalyst =
  | { readonly type: 'ask'; readonly id: number; readonly question: Question }
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'end' }

/** From the thread. */
export interface FromAnalyst {
  readonly id: number
  readonly answer: Judged
}
