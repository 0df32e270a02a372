import { Lateness } from './lateness.ts'

/** One thing that happened in a stream, as it is compared with what happened in another. */
export interface Moment {
  readonly atMs: number
  /** What it is: of the same, one is looked for in the other stream. */
  readonly key: string
  /** How it is called in a difference. */
  readonly label: string
  /** Must be the same. */
  readonly exact: Readonly<Record<string, unknown>>
  /** May differ by as much as their kind of quantity may. */
  readonly measured: Readonly<Record<string, number>>
  /** How late the house was at it, as far as its record tells [ms]: it may differ by so much more. */
  readonly looseMs: number
}

/** As much as has to be known of what crossed a call's wires, in a record or in a replay of it. */
export type Seen = { readonly atMs: number } & (
  | { readonly type: 'happened'; readonly event: { readonly atMs: number; readonly type: string } }
  | { readonly type: 'leg-deed'; readonly deed: { readonly type: string } }
  | { readonly type: 'session-opened'; readonly session: number }
  | { readonly type: 'session-deed'; readonly session: number; readonly deed: { readonly type: string } }
  | { readonly type: 'leg-event' | 'session-event' | 'operator-command' | 'operator-voice' | 'heard' | 'full' }
)

/** Of each kind of event: what makes it that one, what must be the same of it, and what is measured. */
const kinds: Readonly<Record<string, { key?: string[]; exact?: string[]; measured?: string[] }>> = {
  answered: { exact: ['agent', 'provider', 'resumed'] },
  connected: { exact: ['provider'] },
  'response-started': { key: ['responseId'] },
  'response-ended': { key: ['responseId'], exact: ['status'] },
  'agent-audible': { key: ['responseId'], measured: ['latencyMs'] },
  said: { key: ['speaker', 'itemId'], exact: ['text'] },
  heard: { key: ['itemId'], exact: ['wholly'], measured: ['heardMs'] },
  held: { exact: ['by'], measured: ['yieldMs'] },
  resumed: { measured: ['heldMs'] },
  'barge-in': { exact: ['by'], measured: ['heardMs', 'yieldMs'] },
  prompted: { key: ['why'] },
  dtmf: { key: ['digit'] },
  'tool-called': { key: ['name', 'toolCallId'] },
  'tool-answered': { key: ['name', 'toolCallId'], exact: ['ok', 'output'] },
  'provider-lost': { exact: ['code'] },
  'provider-restored': { exact: ['provider'] },
  'session-renewed': { exact: ['provider'] },
  operator: { key: ['did'], exact: ['text', 'destination'] },
  ended: { exact: ['reason', 'code'] },
  respond: { exact: ['instructions', 'unless'] },
  note: { exact: ['text'] },
  truncate: { key: ['itemId'], measured: ['heardMs'] },
  'answer-tool': { key: ['toolCallId'], exact: ['output'] },
}

/**
 * Everything of a stream that is compared: events, what the carrier was asked for, what the model was told.
 * @param ofHouse everything that crossed the wires of a real house, which may have been late; else it was not.
 */
export function momentsOf(seen: readonly Seen[], ofHouse = false): readonly Moment[] {
  const moments: Moment[] = []
  const marksAtMs: number[] = []
  const lateness = new Lateness()
  for (const what of seen) {
    const looseMs = ofHouse ? lateness.at(what) : 0
    if (what.type === 'happened' && what.event.type !== 'analysed') {
      moments.push(momentOf(what.atMs, '', what.event, looseMs))
      if (what.event.type === 'ended') moments.push(totalsOf(what.atMs, what.event))
    }
    if (what.type === 'leg-deed' && what.deed.type === 'mark') marksAtMs.push(what.atMs)
    if (what.type === 'leg-deed' && (what.deed.type === 'clear' || what.deed.type === 'hang-up')) {
      moments.push(momentOf(what.atMs, 'carrier: ', what.deed, looseMs))
    }
    if (what.type === 'session-deed') moments.push(momentOf(what.atMs, `model ${what.session}: `, what.deed, looseMs))
  }
  const [firstMs] = marksAtMs
  if (firstMs !== undefined) {
    // Where exactly one is set, and whether a word that is cut gets one, depends on the beat; that they are set does not.
    const count = marksAtMs.length
    moments.push({ atMs: firstMs, key: 'marks', label: 'carrier: marks', exact: {}, measured: { count }, looseMs: 100 })
  }
  return [...moments, ...operatorsHeard(seen)]
}

/** How much the carrier was given while a human spoke instead of the agent: theirs, for the agent is silent then. */
function operatorsHeard(seen: readonly Seen[]): readonly Moment[] {
  const moments: Moment[] = []
  let from: { readonly atMs: number; heardMs: number } | undefined
  for (const what of seen) {
    if (what.type === 'happened') {
      const did = 'did' in what.event ? what.event.did : undefined
      if (did === 'took-over') from = { atMs: what.atMs, heardMs: 0 }
      else if (from !== undefined && (did === 'handed-back' || what.event.type === 'ended')) {
        const { atMs, heardMs } = from
        // What has come last may be played a beat before their end, or behind it.
        const measured = { heardMs }
        moments.push({ atMs, key: 'operator heard', label: 'operator heard', exact: {}, measured, looseMs: 100 })
        from = undefined
      }
    } else if (what.type === 'leg-deed' && what.deed.type === 'play' && from !== undefined) {
      from.heardMs += playedMs(what.deed)
    }
  }
  return moments
}

/** Of a telephone line's code: 8 bytes a millisecond. */
function playedMs(deed: object): number {
  const audio = 'audio' in deed ? deed.audio : ''
  if (audio instanceof Uint8Array) return audio.length / 8
  return typeof audio === 'string' ? Buffer.byteLength(audio, 'base64') / 8 : 0
}

function momentOf(atMs: number, whose: string, what: { readonly type: string }, looseMs: number): Moment {
  const { key = [], exact = [], measured = [] } = kinds[what.type] ?? {}
  const fields: Readonly<Record<string, unknown>> = { ...what }
  const name = [what.type, ...key.map((field) => String(fields[field]))].join(' ')
  return {
    ...{ atMs, key: whose + name, label: whose + name, looseMs },
    exact: Object.fromEntries(exact.map((field) => [field, fields[field]])),
    measured: Object.fromEntries(
      measured.flatMap((field) => (typeof fields[field] === 'number' ? [[field, fields[field]]] : [])),
    ),
  }
}

/** What the counters of the end say of the call as a whole. */
function totalsOf(atMs: number, event: object): Moment {
  const counters = 'counters' in event && typeof event.counters === 'object' ? event.counters : {}
  const { turns, bargeIns, callerMs } = { turns: undefined, bargeIns: undefined, callerMs: 0, ...counters }
  return {
    atMs,
    key: 'totals',
    label: 'in the whole call',
    exact: { turns, bargeIns },
    measured: { callerMs },
    looseMs: 0,
  }
}
