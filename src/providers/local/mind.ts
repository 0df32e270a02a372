import type { SileroWeights } from '../../audio/silero-weights.ts'
import type { MakeMind, Mind, MindConfig, MindEvent, ReplyPart, ReplyRequest } from '../../simulators/realtime/mind.ts'
import { MindBusy } from '../../simulators/realtime/mind.ts'
import type { Dialogue, Domain, Reply, ToolCall } from './domain/domain.ts'
import { type Ear, type EarSettings, makeEar } from './ear.ts'
import { instructed, keysPressed, unguided } from './instructed.ts'
import type { Heard } from './recogniser/recogniser.ts'
import { exactWords, sentencesOf } from './said.ts'
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
/** The same for one that lets a human take over. */
const TRANSFER_CALL = 'transfer_call'
/** Said before that: what comes after it may be a stranger's voice. */
const ANNOUNCEMENT = ['One moment.', 'I will connect you.']
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
  #hasSpoken = false
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
    // Between turns nothing need be sent: the next may follow in the sound without the silence that tells them apart.
    this.#ear?.reset()
  }

  clear(): void {
    this.#taken = undefined
    this.#line.abort()
    if (this.#config?.vad === undefined) this.#ear?.reset()
  }

  async *reply(request: ReplyRequest, signal: AbortSignal): AsyncGenerator<ReplyPart, void, undefined> {
    const reply = await this.#think(request)
    if (signal.aborted) return
    if (reply.toolCall !== undefined && this.#offers(reply.toolCall.name)) {
      if (reply.toolCall.name === TRANSFER_CALL) yield* this.#speak(ANNOUNCEMENT, signal)
      if (!signal.aborted) yield this.#toolCall(reply.toolCall)
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

  async #think({ trigger, instructions, toolOutputs, messages = [] }: ReplyRequest): Promise<Reply> {
    const output = toolOutputs.at(-1)
    if (output !== undefined) return this.#afterTool(output.name, output.output)
    if (trigger === 'create' && instructions !== undefined) {
      const exact = exactWords(instructions)
      const sentences = exact === undefined ? instructed(instructions, this.#greeting) : sentencesOf(exact)
      if (sentences !== undefined) return { sentences }
    }
    const turn = this.#turn
    this.#turn = undefined
    if (turn !== undefined) return this.#dialogue.hear(await turn)
    return { sentences: keysPressed(messages) ?? unguided(this.#greeting, this.#hasSpoken) }
  }

  /** Silent only where the line is let go of: whoever calls a tool waits for a word. */
  #afterTool(name: string, output: string): Reply {
    const failed = /error|fail/i.test(output)
    if (name === END_CALL && this.#saidGoodbye) return { sentences: [] }
    if (name === TRANSFER_CALL) {
      return { sentences: failed ? ['I am sorry.', 'I cannot connect you now.', 'How else can I help you?'] : [] }
    }
    const reply = this.#dialogue.toolResult?.(name, output)
    if (reply !== undefined && reply.sentences.length > 0) return reply
    return { sentences: failed ? ['I am sorry.', 'That did not work.'] : ['All right.'] }
  }

  /** The domain knows no destinations: of those that the session allows it takes the first. */
  #toolCall({ name, args }: ToolCall): ReplyPart {
    const offered = this.#config?.tools.find((tool) => tool.name === name)
    const allowed = name === TRANSFER_CALL ? destinationsOf(offered?.parameters) : []
    const [destination] = allowed
    const known = destination === undefined || allowed.includes(String(args['destination']))
    return { type: 'tool-call', name, args: JSON.stringify(known ? args : { ...args, destination }) }
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
      this.#hasSpoken = true
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

/** The values that a tool's JSON Schema allows for `destination`. */
function destinationsOf(schema: unknown): readonly string[] {
  const destination = fieldOf(fieldOf(schema, 'properties'), 'destination')
  const allowed = fieldOf(destination, 'enum')
  return Array.isArray(allowed) ? allowed.filter((one) => typeof one === 'string') : []
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}
