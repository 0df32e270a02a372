import { bytesOfSamples } from '../../src/audio/pcm.ts'
import { tone } from '../../src/audio/tone.ts'
import { systemClock } from '../../src/base/clock.ts'
import { familyOf } from '../../src/simulators/realtime/family.ts'
import type { FaultAction, Faults } from '../../src/simulators/realtime/faults.ts'
import type { SessionView } from '../../src/simulators/realtime/inspection.ts'
import type { Mind, MindConfig, MindEvent, ReplyPart, ReplyRequest } from '../../src/simulators/realtime/mind.ts'
import { scriptedMinds } from '../../src/simulators/realtime/scripted-mind.ts'
import { type RealtimeServer, startRealtimeServer } from '../../src/simulators/realtime/server.ts'
import { hertzOf } from './judge.ts'

/** The one key of the simulated models. */
export const MODEL_KEY = 'sk-chaos-0123456789'
/** How long each answer is [ms]. */
const REPLY_MS = 1200
/** Calls that may be under way at once. */
export const SLOTS = 64
const BASE_MODEL = 'qwen3.5-omni-flash-realtime'
const TURNS = Array.from({ length: 40 }, (_, i) => ({ transcript: `This is what I say in turn ${i + 1}.` }))

/** Which of the simulated models answered. */
export type Family = 'qwen' | 'openai'

/** What the next answer does instead of being one. */
export type Mishap = 'breaks-off' | 'says-nothing' | 'asks-tool'

/** How a model's door is: for so many upgrades. */
interface Door {
  readonly faults: Faults
  left: number
}

/**
 * One call's share of the models: the called number is its own, so the agent of that number has a model of its own, and what
 * that does to the call can be chosen for the call.
 */
export class Slot {
  readonly index: number
  /** How long each answer so far was meant to be [ms], and who gave it. */
  readonly replies: { readonly ms: number; readonly by: Family }[] = []
  readonly sessions: SessionView[] = []
  readonly tools = { running: 0, calls: 0 }
  #door: Door | undefined
  #mishap: Mishap | undefined
  #pending: FaultAction | undefined

  constructor(index: number) {
    this.index = index
  }

  get number(): string {
    return numberOf(this.index)
  }

  get session(): SessionView | undefined {
    return this.sessions.findLast(({ isOpen }) => isOpen)
  }

  /** Makes something go wrong with the session that is open; with the next one when none is. */
  strike(action: FaultAction): void {
    if (this.session === undefined) this.#pending = action
    else this.session.strike(action)
  }

  /** The next `times` upgrades of the first model meet with this. */
  shut(faults: Faults, times = Number.POSITIVE_INFINITY): void {
    this.#door = { faults, left: times }
  }

  /** The next answer is none. */
  mishap(kind: Mishap): void {
    this.#mishap = kind
  }

  faultsOfUpgrade(): Faults {
    const door = this.#door
    if (door === undefined || door.left <= 0) return {}
    door.left -= 1
    return door.faults
  }

  opened(session: SessionView): void {
    this.sessions.push(session)
    const action = this.#pending
    this.#pending = undefined
    if (action !== undefined) session.strike(action)
  }

  async *reply(by: Family, rate: number, signal: AbortSignal): AsyncGenerator<ReplyPart, void, undefined> {
    const mishap = this.#mishap
    this.#mishap = undefined
    if (mishap === 'asks-tool') {
      yield { type: 'tool-call', name: 'look_up', args: JSON.stringify({ slot: this.index }) }
      return
    }
    if (mishap === 'says-nothing') return await aborted(signal)
    const ms = REPLY_MS
    const number = this.replies.push({ ms, by }) - 1
    yield { type: 'text', text: `Answer ${number}.` }
    const sound = tone(hertzOf(number), mishap === 'breaks-off' ? ms / 3 : ms, rate)
    // A quarter of a second at a time, so that a strike falls into the middle of an answer.
    for (let at = 0; at < sound.length; at += rate / 4)
      yield { type: 'audio', audio: bytesOfSamples(sound.subarray(at, at + rate / 4)) }
    if (mishap === 'breaks-off') await aborted(signal)
  }
}

/** The number of a slot. */
export function numberOf(index: number): string {
  return `+1555010${String(index).padStart(4, '0')}`
}

/** The name of a slot's own model. */
export function modelNameOf(index: number): string {
  return `${BASE_MODEL}-slot-${index}`
}

/** The simulated models of all calls. */
export interface ChaosModels extends AsyncDisposable {
  readonly url: string
  /** The settings of the second provider. */
  readonly secondEnv: Readonly<Record<string, string>>
  /** A slot that no call has. @throws RangeError when there is none. */
  lend(): Slot
  giveBack(slot: Slot): void
  slot(index: number): Slot | undefined
  /** Sessions that are open. */
  readonly open: number
}

/**
 * Starts them on loopback.
 * @param sessionLimitMs after which the first one closes a session.
 */
export async function startModels(sessionLimitMs = Number.POSITIVE_INFINITY): Promise<ChaosModels> {
  const slots = new Map<number, Slot>()
  const free = Array.from({ length: SLOTS }, (_, index) => index)
  const family = familyOf(BASE_MODEL)
  if (family === undefined) throw new TypeError(`${BASE_MODEL} is not known`)
  const names = Array.from({ length: SLOTS }, (_, index) => modelNameOf(index))
  const slotOf = (model: string) => slots.get(names.indexOf(model))
  const qwen = await startRealtimeServer({
    apiKey: MODEL_KEY,
    models: Object.fromEntries(names.map((name) => [name, family])),
    behaviour: { speedFactor: 1.5, sessionLimitMs },
    inspection: { events: 50, closedSessions: 4 },
    faults: ({ model }) => slotOf(model)?.faultsOfUpgrade() ?? {},
    makeMind: (tell, info) => mindOf('qwen', slots, tell, info),
    opened: (session) => slotOf(session.model)?.opened(session),
  })
  const openai = await startRealtimeServer({
    dialect: 'openai',
    apiKey: MODEL_KEY,
    behaviour: { speedFactor: 1.5 },
    inspection: { events: 50, closedSessions: 4 },
    makeMind: (tell, info) => mindOf('openai', slots, tell, info),
  })
  const servers: readonly RealtimeServer[] = [qwen, openai]
  return {
    url: qwen.url,
    secondEnv: { OPENAI_API_KEY: MODEL_KEY, OPENAI_REALTIME_URL: openai.url },
    lend() {
      // The one that was given back longest ago: what is late of its last call is over.
      const index = free.shift()
      if (index === undefined) throw new RangeError('more calls than slots')
      const slot = new Slot(index)
      slots.set(index, slot)
      return slot
    },
    giveBack: ({ index }) => void free.push(index),
    slot: (index) => slots.get(index),
    get open() {
      return servers.flatMap(({ sessions }) => sessions).filter(({ isOpen }) => isOpen).length
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server[Symbol.asyncDispose]()
    },
  }
}

/** A mind that hears as a scripted one does, and answers as its slot says; which slot that is stands in its instructions. */
function mindOf(
  by: Family,
  slots: ReadonlyMap<number, Slot>,
  tell: (event: MindEvent) => void,
  info: { readonly index: number; readonly model: string },
): Mind {
  const ears = scriptedMinds(systemClock, { turns: TURNS })(tell, info)
  let config: MindConfig | undefined
  return {
    configure(next) {
      config = next
      ears.configure(next)
    },
    hear: (audio) => ears.hear(audio),
    commit: () => ears.commit(),
    clear: () => ears.clear(),
    interrupted: () => ears.interrupted(),
    reply(_request: ReplyRequest, signal: AbortSignal) {
      const index = Number(/slot (\d+)/.exec(config?.instructions ?? '')?.[1] ?? Number.NaN)
      return slots.get(index)?.reply(by, config?.outputRate ?? 24_000, signal) ?? nothing()
    },
    [Symbol.asyncDispose]: () => ears[Symbol.asyncDispose](),
  }
}

async function* nothing(): AsyncGenerator<ReplyPart, void, undefined> {}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
