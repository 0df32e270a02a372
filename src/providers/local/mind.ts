import type { MakeMind, Mind, MindConfig, MindEvent, ReplyPart, ReplyRequest } from '../../simulators/realtime/mind.ts'
import { MindBusy } from '../../simulators/realtime/mind.ts'
import type { Dialogue, Domain, Reply } from './domain/domain.ts'
import { type Ear, type EarSettings, makeEar } from './ear.ts'
import type { Heard } from './recogniser/recogniser.ts'
import { exactWords, sentencesOf } from './said.ts'
import type { SileroWeights } from './silero-weights.ts'
import type { SpeechLine, SpeechPool } from './speech-pool.ts'
import { voiceNamed } from './voice.ts'

export interface LocalMindOptions {
  readonly domain: Domain
  readonly weights: SileroWeights
  readonly speech: Pick<SpeechPool, 'open'>
  /** Calls at one time. */
  readonly maxCalls: number
}

/** The embedded agent's minds: as many at a time as `maxCalls`, then MindBusy. */
export function localMinds(options: LocalMindOptions): MakeMind {
  const { maxCalls } = options
  let calls = 0
  return (tell) => {
    if (calls >= maxCalls) throw new MindBusy(`the embedded agent takes ${maxCalls} calls at a time; all are taken`)
    calls++
    return new LocalMind(options, tell, () => {
      calls--
    })
  }
}

/** What a session may offer for an agent that wants to hang up. */
const END_CALL = 'end_call'
/** What is recognised of one turn; the recogniser looks no further either. */
const MAX_TURN_SAMPLES = 20 * 16_000

/**
 * Listens with Silero and the recogniser, thinks with the domain's dialogue, speaks with Flite.
 *
 * ```
 *   hear ─▶ ear ─started─▶ line.start        reply(turn) ─▶ what was heard ─▶ dialogue ─▶ sentence ─▶ line.say ─▶ audio
 *               ─sound───▶ line.push                                                  ─▶ sentence ─▶ … (made meanwhile)
 *               ─stopped─▶ line.finish ─▶ transcript
 * ```
 */
class LocalMind implements Mind {
  readonly #dialogue: Dialogue
  readonly #greeting: readonly string[]
  readonly #line: SpeechLine
  readonly #weights: SileroWeights
  readonly #tell: (event: MindEvent) => void
  readonly #left: () => void
  #config: MindConfig | undefined
  #ear: Ear | undefined
  /** Samples of the utterance that the recogniser is in; undefined between two. */
  #taken: number | undefined
  /** The latest turn, until it is answered. */
  #turn: Promise<Heard> | undefined
  /** Asked to be hung up after its goodbye: what that gives is not spoken about. */
  #saidGoodbye = false
  #disposed = false

  constructor({ domain, speech, weights }: LocalMindOptions, tell: (event: MindEvent) => void, left: () => void) {
    this.#dialogue = domain.start()
    this.#greeting = sentencesOf(domain.greeting)
    this.#line = speech.open()
    this.#weights = weights
    this.#tell = tell
    this.#left = left
  }

  configure(config: MindConfig): void {
    this.#config = config
    const settings: EarSettings = { threshold: 0.5, silenceMs: 800, ...config.vad, inputRate: config.inputRate }
    this.#ear?.configure(settings)
    this.#ear ??= makeEar(this.#weights, settings, {
      started: (atMs) => this.#started(atMs),
      sound: (samples) => this.#sound(samples),
      stopped: (atMs) => this.#stopped(atMs),
    })
  }

  hear(audio: Uint8Array): void {
    if (!this.#disposed) this.#ear?.hear(audio)
  }

  commit(): void {
    if (this.#taken === undefined) this.#begin()
    this.#endTurn()
  }

  clear(): void {
    this.#taken = undefined
    this.#line.abort()
  }

  async *reply(request: ReplyRequest, signal: AbortSignal): AsyncGenerator<ReplyPart, void, undefined> {
    const reply = await this.#think(request)
    if (signal.aborted) return
    if (reply.toolCall !== undefined && this.#offers(reply.toolCall.name)) {
      yield { type: 'tool-call', name: reply.toolCall.name, args: JSON.stringify(reply.toolCall.args) }
      return
    }
    yield* this.#speak(reply.sentences, signal)
    if (reply.ends === true && this.#offers(END_CALL) && !signal.aborted) {
      this.#saidGoodbye = true
      yield { type: 'tool-call', name: END_CALL, args: '{}' }
    }
  }

  interrupted(): void {
    this.#dialogue.interrupted()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    this.#line[Symbol.dispose]()
    this.#left()
  }

  #started(atMs: number): void {
    // Without turn detection the client says where a turn ends; speech only decides what is worth recognising.
    if (this.#config?.vad === undefined) {
      if (this.#taken === undefined) this.#begin()
      return
    }
    this.#begin()
    this.#tell({ type: 'speech-started', atMs })
  }

  #sound(samples: Int16Array): void {
    if (this.#taken === undefined || this.#taken >= MAX_TURN_SAMPLES) return
    this.#taken += samples.length
    this.#line.push(samples)
  }

  #stopped(atMs: number): void {
    if (this.#config?.vad === undefined) return
    const accepted = this.#taken !== undefined
    if (accepted) this.#endTurn()
    this.#tell({ type: 'speech-stopped', atMs, accepted })
  }

  #begin(): void {
    this.#taken = 0
    this.#line.start()
  }

  #endTurn(): void {
    this.#taken = undefined
    this.#turn = this.#line.finish().then((heard) => {
      if (!this.#disposed) this.#tell({ type: 'transcript', text: heard.text, final: true })
      return heard
    })
  }

  async #think({ trigger, instructions, toolOutputs }: ReplyRequest): Promise<Reply> {
    const output = toolOutputs.at(-1)
    if (output?.name === END_CALL && this.#saidGoodbye) return { sentences: [] }
    if (output !== undefined) return this.#dialogue.toolResult?.(output.name, output.output) ?? { sentences: [] }
    const exact = trigger === 'create' ? exactWords(instructions ?? '') : undefined
    if (exact !== undefined) return { sentences: sentencesOf(exact) }
    const turn = this.#turn
    this.#turn = undefined
    return turn === undefined ? { sentences: [...this.#greeting] } : this.#dialogue.hear(await turn)
  }

  /** Makes the next sentence while the last is on its way. */
  async *#speak(sentences: readonly string[], signal: AbortSignal): AsyncGenerator<ReplyPart, void, undefined> {
    const aborted = new Promise<undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true })
    })
    let next = this.#say(sentences[0])
    for (const [i, sentence] of sentences.entries()) {
      const audio = await Promise.race([next, aborted])
      if (audio === undefined || signal.aborted) return
      next = this.#say(sentences[i + 1])
      yield { type: 'text', text: i === 0 ? sentence : ` ${sentence}` }
      yield { type: 'audio', audio }
    }
  }

  #say(sentence: string | undefined): Promise<Uint8Array> {
    if (sentence === undefined) return Promise.resolve(new Uint8Array())
    const { voice = '', outputRate = 24_000 } = this.#config ?? {}
    const said = this.#line.say(sentence, voiceNamed(voice), outputRate)
    // When the answer is cut nobody asks any more how this one went.
    said.catch(() => {})
    return said
  }

  #offers(name: string): boolean {
    return this.#config?.tools.some((tool) => tool.name === name) ?? false
  }
}
