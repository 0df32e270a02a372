import type { ServerResponse } from 'node:http'
import type { Clock } from '../base/clock.ts'
import { Ticker } from '../base/ticker.ts'
import type { BoardNews, HouseHealth } from './api.ts'
import type { LiveBoard } from './live-board.ts'
import type { Operator } from './sessions.ts'
import { untilLeave, VOUCHED_MS } from './stay.ts'

export interface BoardStreamOptions {
  readonly board: LiveBoard
  readonly health: () => HouseHealth
  readonly clock: Clock
}

interface Watcher {
  readonly response: ServerResponse
  /** Since when it takes nothing more [ms of the clock]; `undefined`: it does. */
  fullSinceMs: number | undefined
  /** Meanwhile there was news. */
  missed: boolean
}

/** A call that changes all the time costs four messages a second. */
const TICK_MS = 250
const HEALTH_TICKS = 8
const HEARTBEAT_TICKS = 60
/** Of a watcher that reads nothing for so long nothing more is expected [ms]. */
const PATIENCE_MS = 10_000
const MAX_WATCHERS = 100
/** For so many ticks of health, a minute, there are more calls on the board than anybody carries. */
const STRAY_CHECKS = 30

/**
 * The live board, to everybody who watches it.
 *
 * ```
 *   event ─▶ its call is marked ── each 250 ms: what is marked, once for all watchers ─▶ written to each
 *   watcher: board ─ call, call ─ health … ─ its buffer is full: nothing ─ it was read: board, anew ─ …
 *                                                 └ not within 10 s: dropped
 * ```
 * So nothing piles up for who is slow: what it missed it gets as a whole. Nothing runs while nobody watches.
 */
export class BoardStream implements Disposable {
  readonly #options: BoardStreamOptions
  readonly #ticker: Ticker
  readonly #watchers = new Set<Watcher>()
  readonly #touched = new Set<string>()
  #rest: AbortController | undefined
  #ticks = 0
  #strayChecks = 0
  #closed = false

  constructor(options: BoardStreamOptions) {
    this.#options = options
    this.#ticker = new Ticker(options.clock, TICK_MS)
  }

  /** Nobody more may watch now. */
  get isFull(): boolean {
    return this.#closed || this.#watchers.size >= MAX_WATCHERS
  }

  /** Something of a call has changed, or it is gone. */
  touch(callId: string): void {
    if (this.#watchers.size > 0) this.#touched.add(callId)
  }

  /** Sends the board and its news from now on, until its watcher leaves or has to. */
  watch(response: ServerResponse, operator: Operator): void {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    })
    const watcher: Watcher = { response, fullSinceMs: undefined, missed: false }
    const left = untilLeave(operator, this.#options.clock, VOUCHED_MS, () => response.end())
    response.once('close', () => {
      left()
      this.#leave(watcher)
    })
    response.on('drain', () => this.#onDrain(watcher))
    this.#watchers.add(watcher)
    this.#start()
    this.#write(watcher, `retry: 2000\n\n${this.#snapshot()}`)
  }

  /** Ends all streams; their pages come back by themselves. */
  [Symbol.dispose](): void {
    this.#closed = true
    for (const { response } of this.#watchers) response.end()
    this.#watchers.clear()
    this.#stop()
  }

  #leave(watcher: Watcher): void {
    this.#watchers.delete(watcher)
    if (this.#watchers.size === 0) this.#stop()
  }

  #start(): void {
    if (this.#rest !== undefined) return
    this.#rest = new AbortController()
    this.#ticker.onTick(() => this.#tick(), this.#rest.signal)
  }

  #stop(): void {
    this.#rest?.abort()
    this.#rest = undefined
    this.#touched.clear()
  }

  #tick(): void {
    this.#ticks++
    let text = this.#ticks % HEARTBEAT_TICKS === 0 ? ':\n\n' : ''
    if (this.#ticks % HEALTH_TICKS === 0) {
      const health = this.#options.health()
      this.#forgetStrays(health.liveCalls)
      text += textOf({ type: 'health', health })
    }
    for (const callId of this.#touched) text += textOf(this.#newsOf(callId))
    this.#touched.clear()
    const nowMs = this.#options.clock.now()
    for (const watcher of this.#watchers) {
      if (text !== '') this.#write(watcher, text)
      if (nowMs - (watcher.fullSinceMs ?? nowMs) >= PATIENCE_MS) watcher.response.destroy()
    }
  }

  #newsOf(callId: string): BoardNews {
    const call = this.#options.board.find(callId)
    return call === undefined ? { type: 'gone', callId } : { type: 'call', call }
  }

  /** The process that carried a call may die without a word. */
  #forgetStrays(carried: number): void {
    const { board } = this.#options
    this.#strayChecks = board.size > carried ? this.#strayChecks + 1 : 0
    if (this.#strayChecks < STRAY_CHECKS) return
    this.#strayChecks = 0
    for (const callId of board.forgetBeyond(carried)) this.touch(callId)
  }

  #snapshot(): string {
    const { board, health } = this.#options
    return textOf({ type: 'board', calls: board.calls, health: health() })
  }

  #write(watcher: Watcher, text: string): void {
    const { response } = watcher
    if (response.writableEnded || response.destroyed) return
    if (watcher.fullSinceMs !== undefined) watcher.missed = true
    else if (!response.write(text)) watcher.fullSinceMs = this.#options.clock.now()
  }

  /** It has read all it was given, and has missed what came meanwhile. */
  #onDrain(watcher: Watcher): void {
    const { missed } = watcher
    watcher.fullSinceMs = undefined
    watcher.missed = false
    if (missed) this.#write(watcher, this.#snapshot())
  }
}

function textOf(news: BoardNews): string {
  return `data: ${JSON.stringify(news)}\n\n`
}
