/** What the page tells the phone's worklet. */
export type ToPhone =
  | { readonly type: 'play'; readonly audio: Uint8Array }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'clear' }

/** What the phone's worklet tells the page. */
export type FromPhone =
  /** 20 ms of the line went by. */
  | {
      readonly type: 'frame'
      /** What the microphone heard: 160 bytes of mu-law. */
      readonly said: Uint8Array
      /** How loud it was that was played meanwhile [dBFS]. */
      readonly heardDbfs: number
      /** How much waits to be played [ms]. */
      readonly waitingMs: number
    }
  | { readonly type: 'mark'; readonly name: string }

/** What the page tells the worklet that plays a live call. */
export type ToLine = {
  readonly type: 'sound'
  readonly voice: 0 | 1
  readonly atMs: number
  readonly audio: Uint8Array
}

/** What that tells the page: 20 ms of the microphone, and how loud the line was meanwhile [dBFS]. */
export interface FromLine {
  readonly said: Uint8Array
  readonly heardDbfs: number
}

/** Under these names the worklets are known. */
export const worklets = { phone: 'offhook-phone', line: 'offhook-line' } as const
