import type { RealtimeSession } from './provider.ts'
import type { Prompt } from './unfinished.ts'

/** Texts that wait for a session; a call that has more of them has nobody to read them. */
const MAX_WAITING = 20

/**
 * What a model is still to be told: notes that came while none was there, and results of tools that another session called.
 *
 * ```
 *   note, result ─▶ waits ── tell ─▶ as notes, where the model takes those: then it knows them
 *                                └─▶ else in the words it is asked to speak by; results until an answer has begun
 * ```
 */
export class Untold {
  #notes: string[] = []
  #results: string[] = []

  note(text: string): void {
    if (this.#notes.length < MAX_WAITING) this.#notes.push(text)
  }

  /** It is to be spoken about. */
  result(text: string): void {
    if (this.#results.length < MAX_WAITING) this.#results.push(text)
  }

  /** An answer has begun. */
  answered(): void {
    this.#results = []
  }

  /** Tells all of it; returns how the session was asked to speak, `undefined` when there was no need. */
  tell(session: Pick<RealtimeSession, 'takesNotes' | 'note' | 'respond'>, say?: Prompt): Prompt | undefined {
    const notes = this.#notes.splice(0)
    const results = session.takesNotes ? this.#results.splice(0) : this.#results
    const texts = [...notes, ...results]
    if (session.takesNotes) for (const text of texts) session.note(text)
    const words = session.takesNotes ? [] : texts
    if (say === undefined && results.length === 0 && words.length === 0) return undefined
    const wanted = say?.instructions === undefined ? words : [...words, say.instructions]
    const instructions = wanted.length > 0 ? wanted.join(' ') : undefined
    session.respond(instructions)
    return { instructions }
  }
}
