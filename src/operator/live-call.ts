import type { CallEvent } from '../call/events.ts'
import type { LiveCall } from './api.ts'

/** A live call as far as its events tell it. */
export interface LiveFold {
  readonly call: Omit<LiveCall, 'state' | 'speaking' | 'tool'>
  readonly connected: boolean
  readonly lost: boolean
  readonly takenOver: boolean
  readonly callerSpeaks: boolean
  /** The agent is silent, because the caller may be speaking. */
  readonly held: boolean
  readonly agent: AgentSound
  /** At work, by id. */
  readonly tools: readonly { readonly toolCallId: string; readonly name: string }[]
  /** Where what was said last stands in the conversation. */
  readonly lastPlace: number
}

/** What of the agent is on its way to the caller's ear. */
interface AgentSound {
  /** Answers that could be heard, and items of which it is known what was heard, since it was silent last. */
  readonly begun: number
  readonly heard: readonly string[]
  /** Items that were said while it spoke, and have not been heard yet. */
  readonly ahead: readonly string[]
}

type Event<T extends CallEvent['type']> = Extract<CallEvent, { type: T }>

const SILENT: AgentSound = { begun: 0, heard: [], ahead: [] }
const MAX_WORDS = 200
/** Of more items, tools, the oldest are forgotten: a call of hours. */
const KEPT = 16

/**
 * A live call after one more of its events.
 *
 * ```
 *   answered ─▶ connecting ── connected ─▶ live ── provider-lost ─▶ model-lost ── provider-restored ─▶ live ── ended ─▶ none
 *   caller    speech-started ▔▔▔▔▔▔▔ speech-stopped                held ▔▔▔ resumed, barge-in
 *   agent            audible ▔▔▔▔▔ heard (the last item)           held ▁▁▁ resumed ▔▔▔
 * ```
 * An answer may become audible just before the one before it was heard to its end, and may have more items than one: so the
 * agent speaks as long as more answers have begun than items were heard, or words of it are known that were not heard.
 * @param call before it; `undefined`: there is none.
 * @param now [ms since 1970]
 * @returns the same object when nothing changed; `undefined`: no call is live.
 */
export function foldLive(
  call: LiveFold | undefined,
  callId: string,
  event: CallEvent,
  now: number,
): LiveFold | undefined {
  if (event.type === 'answered') return answered(call, callId, event, now)
  if (call === undefined || event.type === 'ended') return undefined
  // Of an earlier stream, while the caller has come back.
  if (event.type === 'analysed') return call
  return changed(call, event)
}

/** The call as operators see it. */
export function liveCallOf({ call, connected, lost, takenOver, callerSpeaks, held, agent, tools }: LiveFold): LiveCall {
  const caller = callerSpeaks || held
  const speaks = !held && (agent.begun > agent.heard.length || agent.ahead.length > 0)
  const tool = tools.at(-1)?.name
  return {
    ...call,
    state: takenOver ? 'taken-over' : lost ? 'model-lost' : connected ? 'live' : 'connecting',
    speaking: caller ? (speaks ? 'both' : 'caller') : speaks ? 'agent' : 'nobody',
    ...(tool === undefined ? {} : { tool }),
  }
}

function answered(before: LiveFold | undefined, callId: string, event: Event<'answered'>, now: number): LiveFold {
  const { from, to, agent, provider, answeredAt = now - event.atMs } = event
  // The line, or the process that carried it, was lost before it could say so: the caller has come back.
  const kept = event.resumed === true ? before?.call : undefined
  const fresh = { answeredAt, turns: 0, bargeIns: 0 }
  return {
    call: { ...fresh, ...kept, callId, from, to, agent, provider },
    ...{ connected: false, lost: false, takenOver: false, callerSpeaks: false, held: false },
    ...{ agent: SILENT, tools: [], lastPlace: -1 },
  }
}

function changed(live: LiveFold, event: Exclude<CallEvent, Event<'answered' | 'ended' | 'analysed'>>): LiveFold {
  const { call, agent, tools } = live
  switch (event.type) {
    case 'connected':
    case 'session-renewed':
      return { ...live, connected: true, call: { ...call, provider: event.provider } }
    case 'provider-lost':
      return { ...live, lost: true }
    case 'provider-restored':
      return { ...live, lost: false, call: { ...call, provider: event.provider } }
    case 'caller-speech-started':
      return { ...live, callerSpeaks: true }
    case 'caller-speech-stopped':
      return { ...live, callerSpeaks: false, call: { ...call, turns: call.turns + 1 } }
    case 'agent-audible': {
      const { latencyMs = call.latencyMs } = event
      const sound = { ...agent, begun: agent.begun + 1 }
      return { ...live, agent: sound, call: { ...call, ...(latencyMs === undefined ? {} : { latencyMs }) } }
    }
    case 'said':
      return said(live, event)
    case 'heard':
      return heard(live, event)
    case 'held':
      return { ...live, held: true }
    case 'resumed':
      return { ...live, held: false }
    case 'barge-in':
      return { ...live, held: false, agent: SILENT, call: { ...call, bargeIns: call.bargeIns + 1 } }
    case 'tool-called':
      return { ...live, tools: [...tools, event].slice(-KEPT) }
    case 'tool-answered':
      return { ...live, tools: tools.filter(({ toolCallId }) => toolCallId !== event.toolCallId) }
    case 'operator':
      return operated(live, event)
    case 'response-started':
    case 'response-ended':
    case 'prompted':
    case 'dtmf':
      return live
  }
}

function said(live: LiveFold, { speaker, text, itemId, place }: Event<'said'>): LiveFold {
  const { agent } = live
  const isAhead = speaker === 'agent' && agent.begun > agent.heard.length && !agent.heard.includes(itemId)
  const ahead = isAhead ? [...agent.ahead, itemId].slice(-KEPT) : agent.ahead
  return worded({ ...live, agent: { ...agent, ahead } }, speaker, text, place)
}

function heard(live: LiveFold, { itemId, heardText, place, wholly }: Event<'heard'>): LiveFold {
  const { begun, heard, ahead } = live.agent
  const known = heard.includes(itemId) ? heard : [...heard, itemId]
  const left = ahead.filter((other) => other !== itemId)
  const isOver = begun <= known.length && left.length === 0
  const after = { ...live, agent: isOver ? SILENT : { begun, heard: known.slice(-KEPT), ahead: left } }
  return wholly ? after : worded(after, 'agent', heardText, place)
}

/** The caller's words may come after the agent's reply to them: they are not the last that was said then. */
function worded(live: LiveFold, speaker: 'caller' | 'agent', text: string, place: number): LiveFold {
  if (place < live.lastPlace || text === '') return live
  return { ...live, lastPlace: place, call: { ...live.call, lastWords: { speaker, text: text.slice(0, MAX_WORDS) } } }
}

function operated(live: LiveFold, { did }: Event<'operator'>): LiveFold {
  if (did === 'took-over') return { ...live, takenOver: true, held: false, agent: SILENT }
  return did === 'handed-back' ? { ...live, takenOver: false } : live
}
