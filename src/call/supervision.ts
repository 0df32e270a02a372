/** What an operator does to a live call. */
export type CallCommand =
  | { readonly type: 'hang-up' }
  /** Tells the model something that the caller does not hear; it acts on it with its next words, or at once. */
  | { readonly type: 'whisper'; readonly text: string }
  /** Puts the caller through; `destination` is what `number` is called. */
  | { readonly type: 'transfer'; readonly destination: string; readonly number: string }
  /** The agent is silent from now on, and the operator speaks (`speak`); who is not heard for 10 s has handed back. */
  | { readonly type: 'take-over' }
  /** The agent goes on. */
  | { readonly type: 'hand-back' }

/**
 * What came of a command.
 *
 * | outcome   | means                                                                      |
 * |-----------|----------------------------------------------------------------------------|
 * | done      | the call does it; what comes of it is in its events                        |
 * | no-call   | no such call is live                                                       |
 * | not-now   | it cannot be done as the call stands: taken over already, letting go, …    |
 * | no-answer | the process that carries the call did not answer in time                   |
 */
export type CommandOutcome = 'done' | 'no-call' | 'not-now' | 'no-answer'

/** Sound of a line, as it is heard: mu-law, 8 kHz. */
export interface LineSound {
  readonly from: 'caller' | 'agent'
  /** When its first sample was heard [ms] since the call was answered. */
  readonly atMs: number
  readonly audio: Uint8Array
}

/** How operators reach into live calls, whichever process carries them. */
export interface Supervision {
  /** Never rejects. */
  command(callId: string, command: CallCommand): Promise<CommandOutcome>
  /** The operator's voice, mu-law at 8 kHz, in pieces of 20 to 200 ms; dropped unless the call is taken over. */
  speak(callId: string, audio: Uint8Array): void
  /**
   * Hears a live call from now until its end, or until disposed of; `ended` is called once, at the end of the call or when
   * there is none.
   */
  listen(callId: string, onSound: (sound: LineSound) => void, ended: () => void): Disposable
}
