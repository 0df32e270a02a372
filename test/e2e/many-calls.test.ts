import { describe, expect, it } from 'vitest'
import { decodeMulaw } from '../../src/audio/g711.ts'
import { samplesOf } from '../../src/audio/pcm.ts'
import { toneDbfs } from '../../src/audio/tone.ts'
import type { SimulatedCall } from '../../src/simulators/carrier/call.ts'
import { type House, heardBetween, openHouse, say } from './house.ts'

const CALLS = 20
const CALL_MS = 20_000

/** Each caller has a tone of its own; so has each session, whose answers alternate between two far apart. */
const callerHz = (n: number) => 300 + 150 * n
const answerHz = (n: number, answer: number) => 330 + 75 * (n + CALLS * (answer % 2))

/** Level of a tone that comes and goes, each time in another phase: the mean power of blocks of 250 ms [dBFS]. */
function levelOf(samples: Int16Array, sampleRate: number, hz: number): number {
  const block = sampleRate / 4
  const powers = Array.from(
    { length: Math.floor(samples.length / block) },
    (_, i) => 10 ** (toneDbfs(samples.subarray(i * block, (i + 1) * block), sampleRate, hz) / 10),
  )
  return 10 * Math.log10(powers.reduce((sum, power) => sum + power, 0) / powers.length)
}

const energy = (samples: Int16Array) => samples.reduce((sum, sample) => sum + sample * sample, 0)

/** What a session heard: its energy, and how loud each caller's tone is in it. */
interface Heard {
  readonly index: number
  readonly energy: number
  readonly levels: readonly number[]
}

function heardBySessions(house: House): Heard[] {
  return house.model.sessions.map(({ index, received }) => {
    const samples = samplesOf(received.audio)
    const levels = Array.from({ length: CALLS }, (_, n) => levelOf(samples, 16_000, callerHz(n)))
    return { index, energy: energy(samples), levels }
  })
}

interface Cut {
  readonly atMs: number
  /** Which answer was cut off, from 0. */
  readonly answer: number
}

/** Speaks, listens, speaks over the answer, and so on for as long as the call is to last. */
async function converse(call: SimulatedCall, n: number): Promise<Cut[]> {
  const cuts: Cut[] = []
  call.listen((event) => {
    if (event.type === 'cleared' && event.droppedMs > 0) cuts.push({ atMs: event.atMs, answer: cuts.length })
  })
  await call.next('stream-started')
  while (call.recordedMs < CALL_MS) {
    const fromMs = call.recordedMs
    await call.speak(say(callerHz(n), 400))
    await call.next('audio-heard', (event) => event.atMs > fromMs + 1000)
    for (let heard = 0; heard < 25; heard++) await call.next('audio-heard')
  }
  call.hangUp()
  await call.ended
  return cuts
}

/** Which session heard this caller; nobody else is to be heard in it, and nothing of it missing. */
function checkCaller(sessions: readonly Heard[], call: SimulatedCall, n: number): number {
  const spoken = energy(decodeMulaw(call.recording().caller))
  const level = ({ levels }: Heard) => levels[n] ?? -Infinity
  const own = sessions.reduce((loudest, session) => (level(session) > level(loudest) ? session : loudest))
  // A frame is 20 ms of some 4 s of speech: a lost one would be missing half a percent of the energy.
  expect(Math.abs(own.energy / 2 / spoken - 1), `caller ${n} in session ${own.index}`).toBeLessThan(0.002)
  own.levels.forEach((leak, other) => {
    if (other !== n) expect(leak - level(own), `caller ${other} in the session of caller ${n}`).toBeLessThan(-25)
  })
  return own.index
}

function checkAnswers(call: SimulatedCall, n: number, session: number, cuts: readonly Cut[]): void {
  const heard = heardBetween(call, 0)
  const own = Math.max(...[0, 1].map((answer) => levelOf(heard, 8000, answerHz(session, answer))))
  for (let other = 0; other < CALLS; other++) {
    if (other === session) continue
    for (const answer of [0, 1]) {
      const leak = levelOf(heard, 8000, answerHz(other, answer)) - own
      expect(leak, `session ${other} heard by caller ${n}`).toBeLessThan(-20)
    }
  }
  for (const { atMs, answer } of cuts) {
    // One frame was in the caller's ear when the clear came. From then to the next answer's end: nothing of the old one.
    const after = heardBetween(call, atMs + 20, atMs + 2000)
    expect(levelOf(after, 8000, answerHz(session, answer)), `stale sound after ${atMs} ms`).toBeLessThan(-55)
  }
}

describe('twenty calls at once', () => {
  it('lose no frame of a caller, hear nothing stale after a clear, and nothing of each other', {
    timeout: 60_000,
  }, async () => {
    await using house = await openHouse({
      script: ({ index }) => ({
        replies: Array.from({ length: 40 }, (_, answer) => [{ do: 'tone', hz: answerHz(index, answer), ms: 5000 }]),
      }),
    })
    const calls = Array.from({ length: CALLS }, () => house.call())
    const cuts = await Promise.all(calls.map((call, n) => converse(call, n)))
    const ended = await Promise.all(calls.map((call) => house.ended(call)))
    expect(new Set(ended.map(({ reason }) => reason))).toEqual(new Set(['caller-hung-up']))
    const heard = heardBySessions(house)
    const sessions = calls.map((call, n) => checkCaller(heard, call, n))
    expect(new Set(sessions).size).toBe(CALLS)
    for (const [n, call] of calls.entries()) checkAnswers(call, n, sessions[n] ?? -1, cuts[n] ?? [])
    for (const mine of cuts) expect(mine.length).toBeGreaterThanOrEqual(5)
  })
})
