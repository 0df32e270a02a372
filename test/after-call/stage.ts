import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, vi } from 'vitest'
import { type AfterCallOptions, startAfterCall } from '../../src/after-call/after-call.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import type { CallArchive, CallSummary, KeptEvent } from '../../src/call/archive.ts'
import { type CallEvent, type EndReason, noCounters } from '../../src/call/events.ts'
import { makeLogRecorder } from '../fakes/log.ts'

/** When the clock of these tests stands at 0 [ms since 1970]. */
export const NOON = Date.UTC(2026, 5, 1, 12)

/** What several processes share: events, tickets. */
export class KeptCalls {
  readonly #events = new Map<string, KeptEvent[]>()
  readonly tickets = new Set<string>()
  /** Questions that are answered with an error, before one is answered. */
  failures = 0
  /** Nothing is written: what happens waits, as in a store whose disk is full. */
  isLate = false
  #late: (() => void)[] = []

  /** What waited is written, and all else as it comes. */
  catchUp(): void {
    this.isLate = false
    for (const write of this.#late.splice(0)) write()
  }

  add(callId: string, at: number, event: CallEvent): void {
    if (this.isLate) {
      this.#late.push(() => this.add(callId, at, event))
      return
    }
    const events = this.#events.get(callId) ?? []
    const stream = event.type === 'answered' ? at : (events.at(-1)?.stream ?? at)
    this.#events.set(callId, [...events, { stream, at, event }])
  }

  /** Of the stream before the last one. */
  addBefore(callId: string, at: number, event: CallEvent): void {
    const events = this.#events.get(callId) ?? []
    const border = events.findLastIndex(({ event: { type } }) => type === 'answered')
    const stream = events[border - 1]?.stream ?? at
    this.#events.set(callId, events.toSpliced(border, 0, { stream, at, event }))
  }

  typesOf(callId: string): readonly CallEvent['type'][] {
    return (this.#events.get(callId) ?? []).map(({ event }) => event.type)
  }

  lastOf(callId: string): CallEvent | undefined {
    return this.#events.get(callId)?.at(-1)?.event
  }

  claim(ticket: string): Promise<boolean> {
    const isNew = !this.tickets.has(ticket)
    this.tickets.add(ticket)
    return Promise.resolve(isNew)
  }

  get archive(): CallArchive {
    const nothing = () => Promise.reject(new Error('not asked here'))
    const answer = <T>(value: T) => (this.failures-- > 0 ? Promise.reject(new Error('busy')) : Promise.resolve(value))
    return {
      search: ({ fromAt = 0 }) => {
        const calls = [...this.#events.keys()].map((callId) => this.#summary(callId)).filter((one) => one !== undefined)
        return answer({ calls: calls.filter(({ openedAt }) => openedAt >= fromAt).reverse() })
      },
      summary: (callId) => answer(this.#summary(callId)),
      events: (callId) => Promise.resolve(this.#events.get(callId) ?? []),
      totals: nothing,
      trend: nothing,
      agents: nothing,
    }
  }

  #summary(callId: string): CallSummary | undefined {
    const events = this.#events.get(callId) ?? []
    const [first] = events
    const last = events.findLast(({ event }) => event.type === 'answered' || event.type === 'ended')
    if (first === undefined || first.event.type !== 'answered') return undefined
    const { agent, from, to, provider } = first.event
    return {
      ...{ callId, openedAt: first.at, agent, from, to, provider },
      ...(last?.event.type === 'ended' ? { endedAt: last.at, reason: last.event.reason } : {}),
      durationMs: (events.at(-1)?.at ?? 0) - first.at,
      streams: events.filter(({ event }) => event.type === 'answered').length,
      ...{ turns: 1, bargeIns: 0, tools: 0, losses: 0, latencyP50Ms: 700, usage: [] },
    }
  }
}

export const answered = {
  ...({ atMs: 0, type: 'answered', callId: 'CA1', provider: 'scripted', agent: 'shop' } as const),
  ...{ from: '+15550001', to: '+15550002' },
} satisfies CallEvent

export function ended(reason: EndReason): CallEvent {
  const counters = { ...noCounters, callerMs: 4000 }
  return { atMs: 9000, type: 'ended', reason, counters, latency: { greetingMs: 300, overlapMs: 10 } }
}

export const words: readonly CallEvent[] = [
  { atMs: 1000, type: 'said', speaker: 'caller', itemId: 'c', text: 'When do you open?', place: 0 },
  { atMs: 2000, type: 'said', speaker: 'agent', itemId: 'a', text: 'We open at nine. Bring cash.', place: 1 },
  { atMs: 3000, type: 'heard', itemId: 'a', heardMs: 900, wholly: false, heardText: 'We open at nine.', place: 1 },
]

/** A process that does what comes after calls, over what is kept of them. */
export function openStage(kept = new KeptCalls(), more: Partial<AfterCallOptions> & { clock?: ManualClock } = {}) {
  const clock = more.clock ?? new ManualClock()
  const now = () => NOON + clock.now()
  const counted: string[] = []
  const { log, records } = makeLogRecorder()
  const start = () =>
    startAfterCall({
      ...{ now, log, archive: kept.archive, shelf: undefined, analyst: undefined, shapeFile: undefined },
      claim: (ticket) => kept.claim(ticket),
      webhook: undefined,
      linkTo: (callId) => `https://line.test/calls/${callId}`,
      append: (callId, event) => kept.add(callId, now(), event),
      count: (kind: string, outcome: string) => void counted.push(`${kind} ${outcome}`),
      random: () => 0,
      ...more,
      clock,
    })
  const afterCall = start()
  return {
    ...{ clock, kept, counted, records, afterCall },
    /** The event happens now: it is kept, and told to what comes after calls. */
    happen(callId: string, ...events: readonly CallEvent[]): void {
      for (const event of events) {
        kept.add(callId, now(), event)
        afterCall.take(callId, event)
      }
    },
    [Symbol.asyncDispose]: () => afterCall[Symbol.asyncDispose](),
  }
}

/** One request that a receiver has got. */
interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** The operator's server that takes webhooks. */
export async function openReceiver(answer: (response: ServerResponse, count: number) => void = (it) => it.end()) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      answer(response, received.length)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** Waits for what real sockets do. */
export function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000, interval: 5 })
}

/** All that can happen without a clock or a socket has happened. */
export async function quiet(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Neither a caller's number or word nor a key is in any of it. */
export function expectNothingPrivate(records: readonly unknown[]): void {
  expect(JSON.stringify(records)).not.toMatch(/1555000|nine|cash|secret|sk-/i)
}
