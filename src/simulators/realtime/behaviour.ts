/** How an answer ends that was cut off by the caller's voice or by `response.cancel`. */
interface Interruption {
  /** Audio deltas that still come after `speech_started`. Default 1; the service is seen to send 0 to 2. */
  readonly lateDeltas: number
  /** `response.done`'s status; `never`: neither the `.done` events nor `response.done` come. Default `cancelled`. */
  readonly doneStatus: 'cancelled' | 'incomplete' | 'completed' | 'never'
  /** How long [ms] the tail of `.done` events takes to come; the response is active until then. Default 0. */
  readonly doneDelayMs: number
}

/**
 * What no page of the service settles, one switch a question, and its tempo. The defaults are what is best documented;
 * a client is right when it works under every setting.
 */
export interface Behaviour {
  /** Audio is sent this many times faster than it sounds; `Infinity`: as fast as it is made. Default 4. */
  readonly speedFactor: number
  /** Most audio [ms] in one delta. Default 200. */
  readonly deltaMs: number
  /** From the upgrade to `session.created` [ms]. Default 0. */
  readonly createdDelayMs: number
  /** From `session.update` to `session.updated` [ms]; the settings hold at once. Default 0. */
  readonly updatedDelayMs: number
  readonly interruption: Interruption
  /** False: `response.cancel` is passed over in silence and the answer goes on. Default true. */
  readonly acceptCancel: boolean
  /** False: `create_response: false` and `interrupt_response: false` are echoed and change nothing. Default true. */
  readonly heedVadFlags: boolean
  /** False: the nested `audio` settings are neither obeyed nor echoed; sound stays 16 kHz in, 24 kHz out. Default true. */
  readonly nestedAudio: boolean
  /** True: tools in OpenAI's flat shape are taken too (and echoed nested). Default false. */
  readonly flatTools: boolean
  /** True: a `response.create` without a `response` object is answered in text alone. Default false. */
  readonly bareCreateTextOnly: boolean
  /** True: in VAD mode the last awaited tool output starts the answer without `response.create`. Default false. */
  readonly autoAnswerTools: boolean
  /** True: the caller's item is created while the caller still speaks, as with semantic VAD. Default false. */
  readonly itemWhileSpeaking: boolean
  /**
   * From the end of a turn to `response.created` of the model's own answer [ms]; it comes although the caller has begun
   * to speak again. Default 0.
   */
  readonly answerDelayMs: number
  /**
   * A turn that ends while an answer is sent is answered after it, or never. Default: Qwen waits; OpenAI says that it
   * "may fail to create a response", so it drops.
   */
  readonly busyTurn: 'wait' | 'drop'
  /** True: `conversation.item.truncate` is heeded; else it is an unknown event. Default: OpenAI only. */
  readonly truncates: boolean
  /**
   * Manual turns: from `committed` to the turn's item [ms]; a `response.create` that comes before it is dropped without
   * a word. Default 0.
   */
  readonly turnTakingMs: number
  /** True: the item of a manual turn is created only after the `response.create`, as one page has it. Default false. */
  readonly itemAfterCreate: boolean
  /** True: the arguments of a function call have the leading space of Qwen's official samples. Default: Qwen only. */
  readonly spacedArguments: boolean
  /** What `session.finish` does; `family`: turbo and qwen3 finish, newer ones refuse. Default `family`. */
  readonly sessionFinish: 'family' | 'finished' | 'refuse'
  /** OpenAI: `conversation.created` follows `session.created`. Default true. */
  readonly conversationCreated: boolean
  /** OpenAI: where `rate_limits.updated` comes: after `response.created`, after `response.done`. Default `begin`. */
  readonly rateLimits: 'begin' | 'end' | 'both' | 'never'
  /** OpenAI: the silence [ms] that ends a turn under semantic VAD; half of it when eager, twice when not. Default 500. */
  readonly semanticSilenceMs: number
  /** Closes with 1007 when no response was generated for so long [ms]; `Infinity`: never. Default Qwen 180,000. */
  readonly idleCloseMs: number
  /** Closes a session of this age [ms]; `Infinity`: never. Default Qwen 7,200,000, OpenAI 3,600,000. */
  readonly sessionLimitMs: number
}

/** What a caller of the server may say of it: any part. */
export type BehaviourOptions = Partial<Omit<Behaviour, 'interruption'>> & {
  readonly interruption?: Partial<Interruption>
}

/**
 * The options over the defaults of a dialect.
 * @throws RangeError when a number makes no sense.
 */
export function behaviourOf(defaults: Behaviour, options: BehaviourOptions = {}): Behaviour {
  const behaviour = { ...defaults, ...options, interruption: { ...defaults.interruption, ...options.interruption } }
  const { speedFactor, deltaMs, idleCloseMs, sessionLimitMs } = behaviour
  if (!(speedFactor > 0)) throw new RangeError(`speedFactor must be above 0, got ${speedFactor}`)
  if (!(deltaMs > 0 && deltaMs <= 60_000)) throw new RangeError(`deltaMs must be in (0, 60000], got ${deltaMs}`)
  if (!(idleCloseMs > 0)) throw new RangeError(`idleCloseMs must be above 0, got ${idleCloseMs}`)
  if (!(sessionLimitMs > 0)) throw new RangeError(`sessionLimitMs must be above 0, got ${sessionLimitMs}`)
  return behaviour
}
