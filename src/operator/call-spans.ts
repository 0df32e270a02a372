import {
  type Attributes,
  type Context,
  type HrTime,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { CallEvent } from '../call/events.ts'
import { shownToolName } from './shown-tool-name.ts'

/** Of one call at a time; a model that calls more is not followed further. */
const MAX_TOOLS = 32

interface Surroundings {
  /** [ms since 1970] */
  readonly now: () => number
  /** The next trace is this call's. */
  readonly begin: (callId: string) => void
}

type EventOf<T extends CallEvent['type']> = Extract<CallEvent, { readonly type: T }>

/** A stream of a call that has not ended. */
interface OpenCall {
  readonly root: Span
  readonly inside: Context
  /** When it was answered [ms since 1970]. */
  readonly answeredAt: number
  readonly tools: Map<string, Span>
  connect: Span | undefined
  turn: { readonly span: Span; isStopped: boolean } | undefined
  reconnect: Span | undefined
}

/**
 * Turns calls into spans, folded from their events. There is nobody’s number in them, and no word.
 *
 * ```
 *   caller-speech-started ─── turn ─── caller-speech-stopped · · · agent-audible        answered: OK
 *        └─ … stopped, and the caller speaks again, or the call ends                   not answered
 * ```
 */
export class CallSpans {
  readonly #tracer: Tracer
  readonly #surroundings: Surroundings
  readonly #open = new Map<string, OpenCall>()

  constructor(tracer: Tracer, surroundings: Surroundings) {
    this.#tracer = tracer
    this.#surroundings = surroundings
  }

  take(callId: string, event: CallEvent): void {
    if (event.type === 'answered') this.#answer(callId, event)
    const call = this.#open.get(callId)
    if (call === undefined) return
    if (event.type === 'ended') this.#end(callId, call, event)
    else this.#follow(call, event, timeOf(call, event.atMs))
  }

  /** Ends what is open: nobody will say how it went on. */
  end(): void {
    for (const callId of [...this.#open.keys()]) this.#drop(callId)
  }

  #drop(callId: string): void {
    const call = this.#open.get(callId)
    if (call === undefined) return
    const at = hrTime(this.#surroundings.now())
    this.#open.delete(callId)
    this.#close(call, at)
    call.root.end(at)
  }

  #answer(callId: string, { agent, provider, resumed, atMs }: EventOf<'answered'>): void {
    // Of a stream whose end was never told.
    this.#drop(callId)
    const answeredAt = this.#surroundings.now() - atMs
    this.#surroundings.begin(callId)
    const attributes = {
      'offhook.call_id': callId,
      'offhook.agent': agent,
      'offhook.provider': provider,
      'offhook.resumed': resumed === true,
    }
    const root = this.#tracer.startSpan('call', { root: true, startTime: hrTime(answeredAt), attributes })
    const inside = trace.setSpan(ROOT_CONTEXT, root)
    const call = { root, inside, answeredAt, tools: new Map(), turn: undefined, reconnect: undefined }
    this.#open.set(callId, { ...call, connect: this.#start(inside, 'connect', hrTime(answeredAt)) })
  }

  #start(inside: Context, name: string, startTime: HrTime, attributes: Attributes = {}): Span {
    return this.#tracer.startSpan(name, { startTime, attributes }, inside)
  }

  #follow(call: OpenCall, event: CallEvent, at: HrTime): void {
    switch (event.type) {
      case 'connected':
        call.root.setAttribute('offhook.provider', event.provider)
        finish(call.connect, at, true, { 'offhook.provider': event.provider })
        call.connect = undefined
        return
      case 'caller-speech-started':
        this.#turn(call, at)
        return
      case 'caller-speech-stopped':
        if (call.turn === undefined) return
        call.turn.isStopped = true
        call.turn.span.addEvent('caller-speech-stopped', at)
        return
      case 'agent-audible':
        audible(call, event, at)
        return
      case 'tool-called':
        if (call.tools.size >= MAX_TOOLS) return
        call.tools.set(
          event.toolCallId,
          this.#start(call.inside, 'tool', at, { 'offhook.tool': shownToolName(event.name) }),
        )
        return
      case 'tool-answered':
        finish(call.tools.get(event.toolCallId), at, event.ok)
        call.tools.delete(event.toolCallId)
        return
      case 'provider-lost':
        call.reconnect ??= this.#start(call.inside, 'reconnect', at, { 'offhook.code': event.code ?? 'unknown' })
        return
      case 'provider-restored':
        finish(call.reconnect, at, true, { 'offhook.provider': event.provider })
        call.reconnect = undefined
        return
      default:
        note(call.root, event, at)
    }
  }

  /** A pause in a sentence is no new turn; one that nobody answered before the caller went on is over. */
  #turn(call: OpenCall, at: HrTime): void {
    if (call.turn?.isStopped === false) return
    call.turn?.span.setAttribute('offhook.answered', false).end(at)
    call.turn = { span: this.#start(call.inside, 'turn', at), isStopped: false }
  }

  #end(callId: string, call: OpenCall, { atMs, reason, code, counters }: EventOf<'ended'>): void {
    this.#open.delete(callId)
    const at = timeOf(call, atMs)
    this.#close(call, at)
    call.root.setAttributes({
      'offhook.reason': reason,
      ...(code === undefined ? {} : { 'offhook.code': code }),
      'offhook.turns': counters.turns,
      'offhook.barge_ins': counters.bargeIns,
    })
    const isLost = code !== undefined || reason === 'provider-lost' || reason === 'carrier-lost'
    call.root.setStatus(isLost ? { code: SpanStatusCode.ERROR, message: code ?? reason } : { code: SpanStatusCode.OK })
    call.root.end(at)
  }

  #close({ connect, turn, reconnect, tools }: OpenCall, at: HrTime): void {
    turn?.span.setAttribute('offhook.answered', false).end(at)
    for (const span of [connect, reconnect, ...tools.values()]) finish(span, at, false)
  }
}

/** The caller hears an answer: the turn is over. Else it is a greeting, a question of the agent's own, more of the same. */
function audible(call: OpenCall, { latencyMs }: EventOf<'agent-audible'>, at: HrTime): void {
  const latency = latencyMs === undefined ? {} : { 'offhook.latency_ms': Math.round(latencyMs) }
  if (call.turn === undefined || (!call.turn.isStopped && latencyMs === undefined)) {
    call.root.addEvent('agent-audible', latency, at)
    return
  }
  finish(call.turn.span, at, true, { 'offhook.answered': true, ...latency })
  call.turn = undefined
}

/** What takes no time, as far as it says nothing private. */
function note(root: Span, event: CallEvent, at: HrTime): void {
  switch (event.type) {
    case 'held':
      root.addEvent('held', { 'offhook.by': event.by, ...yielded(event.yieldMs) }, at)
      return
    case 'resumed':
      root.addEvent('resumed', { 'offhook.held_ms': Math.round(event.heldMs) }, at)
      return
    case 'barge-in':
      root.addEvent('barge-in', { 'offhook.by': event.by, ...yielded(event.yieldMs) }, at)
      return
    case 'prompted':
      root.addEvent('prompted', { 'offhook.why': event.why }, at)
      return
    case 'operator':
      root.addEvent('operator', { 'offhook.did': event.did }, at)
      return
    case 'session-renewed':
      root.addEvent('session-renewed', { 'offhook.provider': event.provider }, at)
      return
    default:
  }
}

function yielded(yieldMs: number | undefined): Attributes {
  return yieldMs === undefined ? {} : { 'offhook.yield_ms': Math.round(yieldMs) }
}

function finish(span: Span | undefined, at: HrTime, ok: boolean, attributes: Attributes = {}): void {
  span
    ?.setAttributes(attributes)
    .setStatus({ code: ok ? SpanStatusCode.OK : SpanStatusCode.ERROR })
    .end(at)
}

function timeOf({ answeredAt }: OpenCall, atMs: number): HrTime {
  return hrTime(answeredAt + atMs)
}

/** A plain number would be taken for one of `performance.now` when it is small. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.min(999_999_999, Math.round((ms - seconds * 1000) * 1e6))]
}
