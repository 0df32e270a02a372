/*
 * A mind that follows a script: it hears only loudness, and says what it was told to.
 *
 *   sound ─▶ energy VAD ─▶ speech-started ─▶ speech-stopped ─▶ transcript of turns[n]
 *                                                  reply() ──▶ replies[m]: say, tone, pcm, pause, call, fail …
 */
import { bytesOfSamples } from '../../audio/pcm.ts'
import { tone } from '../../audio/tone.ts'
import type { Clock } from '../../base/clock.ts'
import { type EnergyVad, makeEnergyVad } from './energy-vad.ts'
import type { Mind, MindConfig, MindEvent, ReplyPart, ReplyRequest } from './mind.ts'
import { pause } from './pause.ts'

/** A step of a scripted answer. */
type ScriptStep =
  | { readonly do: 'say'; readonly text: string }
  /** A sine of a whole number of hertz; -12 dBFS. */
  | { readonly do: 'tone'; readonly hz: number; readonly ms: number }
  /** PCM16 at the session's output rate. */
  | { readonly do: 'pcm'; readonly audio: Uint8Array }
  /** The model thinks: before the first step, the time to the first delta; later, a hole in its speech. */
  | { readonly do: 'pause'; readonly ms: number }
  | { readonly do: 'call'; readonly name: string; readonly args: string }
  | { readonly do: 'fail'; readonly message: string }

/** What comes of one turn of the caller. */
interface ScriptTurn {
  /** The final transcript. Default empty. */
  readonly transcript?: string
  /** Told while the caller speaks, one each 200 ms of sound; each is the whole so far. */
  readonly guesses?: readonly string[]
  /** From the end of the turn to its transcript [ms]. Default 0: before the answer begins. */
  readonly transcriptDelayMs?: number
  /** False: noise, no answer. Default true. */
  readonly accepted?: boolean
}

export interface Script {
  /** One after the other, one a turn; later turns are accepted and empty. */
  readonly turns?: readonly ScriptTurn[]
  /** One after the other, one an answer, whatever asked for it; the last is given again and again. Default: none is heard. */
  readonly replies?: readonly (readonly ScriptStep[])[]
}

/** A script that answers everything with its own tone, so that one call heard in another is found by its frequency. */
export function toneScript(hz: number, ms: number): Script {
  return {
    replies: [
      [
        { do: 'say', text: `${hz} hertz` },
        { do: 'tone', hz, ms },
      ],
    ],
  }
}

/**
 * Minds that follow `script`; for `startRealtimeServer`.
 * @param script for all sessions, or chosen by the number and the model of each.
 */
export function scriptedMinds(
  clock: Clock,
  script: Script | ((info: { readonly index: number; readonly model: string }) => Script),
): (tell: (event: MindEvent) => void, info: { readonly index: number; readonly model: string }) => Mind {
  return (tell, info) => new ScriptedMind(clock, typeof script === 'function' ? script(info) : script, tell)
}

const GUESS_EVERY_MS = 200

class ScriptedMind implements Mind {
  readonly #clock: Clock
  readonly #script: Script
  readonly #tell: (event: MindEvent) => void
  readonly #life = new AbortController()
  #config: MindConfig | undefined
  #vad: EnergyVad | undefined
  /** Sound heard before the detector was made [ms]. */
  #vadFromMs = 0
  #heardMs = 0
  #turns = 0
  #replies = 0
  /** Sound of the turn so far [ms], and guesses told; undefined between turns. */
  #speech: { ms: number; guesses: number } | undefined

  constructor(clock: Clock, script: Script, tell: (event: MindEvent) => void) {
    this.#clock = clock
    this.#script = script
    this.#tell = tell
  }

  configure(config: MindConfig): void {
    const before = this.#config
    this.#config = config
    const { vad } = config
    const same =
      before?.inputRate === config.inputRate &&
      before.vad?.threshold === vad?.threshold &&
      before.vad?.silenceMs === vad?.silenceMs
    if (same) return
    this.#vad = vad === undefined ? undefined : makeEnergyVad(config.inputRate, vad.threshold, vad.silenceMs)
    this.#vadFromMs = this.#heardMs
    this.#speech = undefined
  }

  hear(audio: Uint8Array): void {
    const ms = (audio.length * 500) / (this.#config?.inputRate ?? 16_000)
    this.#heardMs += ms
    this.#guess(ms)
    for (const edge of this.#vad?.push(audio) ?? []) {
      const atMs = this.#vadFromMs + edge.atMs
      if (edge.type === 'speech-started') {
        this.#speech = { ms: 0, guesses: 0 }
        this.#tell({ type: 'speech-started', atMs })
      } else this.#turnEnded(atMs)
    }
  }

  commit(): void {
    this.#transcribe(this.#nextTurn())
  }

  clear(): void {
    this.#speech = undefined
    this.#vad?.reset()
  }

  async *reply(_request: ReplyRequest, signal: AbortSignal): AsyncGenerator<ReplyPart, void, undefined> {
    const replies = this.#script.replies ?? []
    const steps = replies[Math.min(this.#replies++, replies.length - 1)] ?? []
    for (const step of steps) {
      if (signal.aborted) return
      if (step.do === 'say') yield { type: 'text', text: step.text }
      else if (step.do === 'pcm') yield { type: 'audio', audio: step.audio }
      else if (step.do === 'call') yield { type: 'tool-call', name: step.name, args: step.args }
      else if (step.do === 'pause') await pause(this.#clock, step.ms, signal)
      else if (step.do === 'tone') yield* this.#tone(step.hz, step.ms)
      else throw new Error(step.message)
    }
  }

  interrupted(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort()
  }

  /** A second at a time: a whole number of periods, so the pieces join without a seam. */
  *#tone(hz: number, ms: number): Generator<ReplyPart, void, undefined> {
    const rate = this.#config?.outputRate ?? 24_000
    for (let madeMs = 0; madeMs < ms; madeMs += 1000) {
      yield { type: 'audio', audio: bytesOfSamples(tone(hz, Math.min(1000, ms - madeMs), rate)) }
    }
  }

  #guess(ms: number): void {
    if (this.#speech === undefined) return
    this.#speech.ms += ms
    const { guesses = [] } = this.#script.turns?.[this.#turns] ?? {}
    while (this.#speech.ms >= GUESS_EVERY_MS) {
      this.#speech.ms -= GUESS_EVERY_MS
      const text = guesses[this.#speech.guesses++]
      if (text !== undefined) this.#tell({ type: 'transcript', text, final: false })
    }
  }

  #turnEnded(atMs: number): void {
    this.#speech = undefined
    const turn = this.#nextTurn()
    const accepted = turn.accepted ?? true
    // What is known at once is told first: the wire then has it before the answer.
    const isPrompt = accepted && (turn.transcriptDelayMs ?? 0) === 0
    if (isPrompt) this.#transcribe(turn)
    this.#tell({ type: 'speech-stopped', atMs, accepted })
    if (!isPrompt && accepted) this.#transcribe(turn)
  }

  #nextTurn(): ScriptTurn {
    return this.#script.turns?.[this.#turns++] ?? {}
  }

  #transcribe(turn: ScriptTurn): void {
    const { transcript = '', transcriptDelayMs = 0 } = turn
    const told = () => this.#tell({ type: 'transcript', text: transcript, final: true })
    if (transcriptDelayMs === 0) told()
    else this.#clock.after(transcriptDelayMs, told, this.#life.signal)
  }
}
