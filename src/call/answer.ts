import type { AudioFormat } from '../audio/format.ts'
import type { Clock } from '../base/clock.ts'
import type { Ticker } from '../base/ticker.ts'
import { Call } from './call.ts'
import type { CallNews } from './call-news.ts'
import type { CarrierLeg } from './carrier.ts'
import type { MakeEar } from './ear.ts'
import { EnduringSession } from './enduring-session.ts'
import { type CallCounters, type CallEventSink, noCounters } from './events.ts'
import type { CallInfo, Farewell } from './info.ts'
import { Latencies } from './latencies.ts'
import type { Opening } from './opening.ts'
import type { CallCommand } from './supervision.ts'
import type { CallTap, OpenTap } from './tap.ts'
import { Taps, tapLeg } from './taps.ts'

/** A live stream of a call, as operators reach it. */
export interface CallHandle {
  readonly format: AudioFormat
  /** False: it cannot be done as the call stands. */
  command(command: CallCommand): boolean
  /** The operator's voice, in the leg's format; dropped unless the call is taken over. */
  speak(audio: Uint8Array): void
  /** Hears the stream from now until its `ended`, or until disposed of. */
  listen(tap: CallTap): Disposable
}

/** What a call takes from the process it runs in. */
export interface Surroundings {
  readonly clock: Clock
  readonly ticker: Ticker
  readonly makeEar: MakeEar
  /** Ends the call from outside. */
  readonly stop: AbortSignal
  readonly onEvent: CallEventSink
  /** The time of day [ms since 1970]. */
  readonly now: () => number
  /** Listens to the whole stream, where somebody is to. */
  readonly openTap?: OpenTap | undefined
  /** Takes the handle of the stream when it begins. */
  readonly onLive?: ((handle: CallHandle) => void) | undefined
}

/**
 * Answers one call: runs it, releases both ends in reverse order whatever happens, and records exactly one `ended`, as
 * the last event.
 *
 * ```
 *   answered ─▶ connected: the model is there ─▶ … ─▶ ended        leg and session are released before it resolves
 *        └ a recorded greeting, or a tone, is heard meanwhile
 * ```
 * @param opening the model's session, which has been on its way since the call was announced.
 */
export async function answer(
  leg: CarrierLeg,
  info: CallInfo,
  opening: Opening,
  { clock, ticker, makeEar, stop, onEvent, now, openTap, onLive }: Surroundings,
): Promise<Farewell> {
  const startedMs = clock.now()
  const { agent, transcript } = opening
  const taps = new Taps(clock, startedMs)
  const answeredAt = now()
  const recorder = openTap?.({ info, agent, format: leg.format, answeredAt })
  if (recorder !== undefined) taps.add(recorder)
  const tell = (news: CallNews) => {
    const event = { atMs: clock.now() - startedMs, ...news }
    taps.tell({ type: 'happened', event })
    onEvent(event)
  }
  const { from, to } = info
  const whose = { answeredAt, provider: agent.providers[0].name, agent: agent.name, from, to }
  const resumed = info.resumed === undefined ? {} : { resumed: true as const }
  tell({ type: 'answered', callId: leg.callId, ...whose, ...resumed })
  const latencies = new Latencies()
  let counters: CallCounters = noCounters
  // What it comes to when something of ours fails: nobody is left without an end.
  let ending: Omit<Farewell, 'said'> = { outcome: { reason: 'provider-lost' } }
  try {
    await using tapped = tapLeg(leg, taps)
    await using session = new EnduringSession(opening, leg.format, clock, taps)
    const ear = makeEar(leg.format)
    const own = { clock, ticker, latencies, startedMs, taps, tell }
    const call = new Call({ leg: tapped, session, ear, transcript, agent, info, ...own })
    onLive?.({
      format: leg.format,
      command(command) {
        taps.tell({ type: 'operator-command', command })
        return call.operator.take(command)
      },
      speak(audio) {
        if (call.operator.onLine) taps.tell({ type: 'operator-voice', audio })
        call.operator.speak(audio)
      },
      listen: (tap) => taps.add(tap),
    })
    ending = await call.run(stop)
    const { droppedMs } = session
    counters = { ...call.counters, ...(droppedMs > 0 ? { uplinkDroppedMs: droppedMs } : {}) }
  } finally {
    tell({ type: 'ended', ...ending.outcome, counters, latency: latencies.summary() })
  }
  return { ...ending, said: transcript.said }
}
