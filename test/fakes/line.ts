import { setImmediate } from 'node:timers/promises'
import { type AudioFormat, mulaw8k, pcm24k } from '../../src/audio/format.ts'
import { encodeAlaw, encodeMulaw } from '../../src/audio/g711.ts'
import { tone } from '../../src/audio/tone.ts'
import type { Clock } from '../../src/base/clock.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { Ticker } from '../../src/base/ticker.ts'
import type { Agent } from '../../src/call/agent.ts'
import { answer, type CallHandle } from '../../src/call/answer.ts'
import type { CallEvent, CallOutcome } from '../../src/call/events.ts'
import type { CallInfo, Farewell } from '../../src/call/info.ts'
import { openSession } from '../../src/call/opening.ts'
import { Standing } from '../../src/call/standing.ts'
import type { OpenTap } from '../../src/call/tap.ts'
import { type RecordedEvent, RecordedLeg } from '../../src/carriers/recorded/leg.ts'
import { listenIn } from '../../src/cli/replay/listen-in.ts'
import { makeScriptedProvider, type ScriptedOptions } from '../../src/providers/scripted/provider.ts'
import { readScript, type ScriptStep } from '../../src/providers/scripted/script.ts'
import { infoOf, plainAgent } from './agent.ts'
import { FakeEar } from './ear.ts'

/** A whole line on a manual clock: a recorded caller, the heart, a scripted model. */
export interface Line {
  readonly clock: ManualClock
  readonly leg: RecordedLeg
  readonly provider: ReturnType<typeof makeScriptedProvider>
  /** Those behind it. */
  readonly others: readonly ReturnType<typeof makeScriptedProvider>[]
  readonly events: CallEvent[]
  /** How operators reach into it. */
  readonly handle: () => CallHandle
  /** Deaf, unless it is told what to hear. */
  readonly ear: FakeEar
  readonly stop: AbortController
  /** What the caller's phone has really played, in one piece: without the silence between. */
  heard(): Uint8Array
  /** Timers that still wait for something. */
  alarms(): number
  readonly outcome: Promise<CallOutcome>
  readonly farewell: Promise<Farewell>
  /** Lets `ms` go by in steps of 20, with everything that follows from each. */
  run(ms: number): Promise<void>
}

export interface LineOptions {
  readonly caller?: Uint8Array
  /** How the line is coded; default mu-law. */
  readonly format?: AudioFormat
  readonly callerEvents?: readonly RecordedEvent[]
  /** Script steps as they stand in a file. */
  readonly script?: readonly unknown[]
  readonly provider?: Partial<ScriptedOptions>
  /** What other calls know of the providers; default: nothing. */
  readonly standing?: Standing
  /** Providers that are tried after it. */
  readonly others?: readonly Partial<ScriptedOptions>[]
  readonly agent?: Partial<Agent>
  readonly info?: Partial<CallInfo>
  readonly openTap?: OpenTap
}

export function openLine(options: LineOptions): Line {
  const manual = new ManualClock()
  const { clock, alarms } = counted(manual)
  const steps: readonly ScriptStep[] = readScript(options.script ?? [], pcm24k)
  const provider = makeScriptedProvider({ clock, script: steps, ...options.provider })
  const others = (options.others ?? []).map((other) => makeScriptedProvider({ clock, script: [], ...other }))
  const format = options.format ?? mulaw8k
  const encode = format.encoding === 'alaw' ? encodeAlaw : encodeMulaw
  const audio = options.caller ?? encode(tone(440, 3000, 8000))
  const leg = new RecordedLeg({ callId: 'CA1', format, audio, events: options.callerEvents ?? [] }, clock)
  const events: CallEvent[] = []
  const stop = new AbortController()
  const ear = new FakeEar()
  const info = { ...infoOf('CA1'), ...options.info }
  const ticker = new Ticker(clock)
  const agent = plainAgent(provider, { providers: [provider, ...others], ...options.agent })
  let handle: CallHandle | undefined
  const phone = listenIn(leg, new Ticker(manual))
  const farewell = answer(phone.leg, info, openSession(agent, info, options.standing ?? new Standing(clock), clock), {
    clock,
    ticker,
    makeEar: () => ear,
    stop: stop.signal,
    now: () => 0,
    openTap: options.openTap,
    onLive: (live) => {
      handle = live
    },
    onEvent: (event) => events.push(event),
  })
  return {
    clock: manual,
    leg,
    provider,
    others,
    handle() {
      if (handle === undefined) throw new Error('the call has not begun')
      return handle
    },
    events,
    ear,
    stop,
    heard: () => Buffer.concat(phone.frames().filter((frame) => frame !== undefined)),
    alarms,
    farewell,
    outcome: farewell.then(({ outcome }) => outcome),
    async run(ms) {
      // A macrotask lets promises settle, so that what follows from this moment happens at this moment.
      await setImmediate()
      for (let at = 0; at < ms; at += 20) {
        manual.advance(Math.min(20, ms - at))
        await setImmediate()
      }
    },
  }
}

/** The same clock, and how many of its timers still wait. */
function counted(inner: Clock): { readonly clock: Clock; readonly alarms: () => number } {
  const waiting = new Set<object>()
  const clock: Clock = {
    now: () => inner.now(),
    after(delayMs, task, signal) {
      if (signal.aborted) return
      const alarm = {}
      waiting.add(alarm)
      signal.addEventListener('abort', () => waiting.delete(alarm), { once: true })
      const ring = () => {
        waiting.delete(alarm)
        task()
      }
      inner.after(delayMs, ring, signal)
    },
  }
  return { clock, alarms: () => waiting.size }
}

/** Script steps of one answer: `ms` of a tone in pieces of 200 ms, sent at four times the pace of speech. */
export function answerSteps(atMs: number, responseId: string, ms: number, hz = 600): unknown[] {
  const pieces = Math.ceil(ms / 200)
  return [
    { atMs, event: { type: 'response-started', responseId } },
    ...Array.from({ length: pieces }, (_, i) => ({
      atMs: atMs + 20 + i * 50,
      event: {
        type: 'audio',
        responseId,
        itemId: `item-${responseId}`,
        audio: { hz, ms: Math.min(200, ms - i * 200) },
      },
    })),
    { atMs: atMs + 20 + pieces * 50, event: { type: 'response-ended', responseId, status: 'completed' } },
  ]
}
