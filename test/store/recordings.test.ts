import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { decodeAlaw, encodeAlaw, encodeMulaw } from '../../src/audio/g711.ts'
import { readWav } from '../../src/audio/wav.ts'
import type { CallTap } from '../../src/call/tap.ts'
import { makeRecorder } from '../../src/store/recordings/recorder.ts'
import { repairRecordings } from '../../src/store/recordings/repair.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { ended, makeNoise, memoryFile, PhoneCall, streamOf } from './recordings-line.ts'

const directory = await mkdtemp(join(tmpdir(), 'recordings-'))
afterAll(() => rm(directory, { recursive: true }))
const { log } = makeLogRecorder()

/** Mu-law of one side of a stereo WAV; silence is 0xff. */
function sidesOf(wav: Uint8Array): { readonly left: Buffer; readonly right: Buffer } {
  const { channels, sampleRate } = readWav(wav)
  expect(sampleRate).toBe(8000)
  expect(channels.length).toBe(2)
  const [left = new Int16Array(0), right = new Int16Array(0)] = channels
  return { left: Buffer.from(encodeMulaw(left)), right: Buffer.from(encodeMulaw(right)) }
}

/** Twenty milliseconds of a caller, one piece after the other. */
function speak(tap: CallTap, frames: readonly Uint8Array[], fromMs = 0): void {
  for (const [n, audio] of frames.entries()) {
    const atMs = fromMs + n * 20
    tap({ atMs: atMs + 20, type: 'leg-event', event: { type: 'audio', audio, atMs } })
  }
}

function framesOf(seconds: number): Uint8Array[] {
  const noise = makeNoise(3)
  return Array.from({ length: seconds * 50 }, () => noise(160))
}

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('push' as const), ms: fc.integer({ min: 1, max: 1500 }) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1200 }) }),
    fc.record({ do: fc.constantFrom('hold' as const, 'resume' as const, 'interrupt' as const, 'finish' as const) }),
  ),
  { minLength: 3, maxLength: 14 },
)

describe('a recording', () => {
  it('has the caller to the sample, and what the phone played at its time, whatever is said, held and cut', async () => {
    const delays = fc.array(fc.constantFrom(5, 5, 5, 9, 25, 60), { minLength: 4, maxLength: 30 })
    const phase = fc.integer({ min: 0, max: 19 })
    await fc.assert(
      fc.asyncProperty(steps, delays, phase, async (todo, late, phaseMs) => {
        const file = memoryFile()
        const recorder = makeRecorder({ directory, log, open: file.open })
        const call = new PhoneCall(recorder, [...late, 5], phaseMs)
        for (const step of todo) {
          if (step.do === 'push') call.push(step.ms)
          else if (step.do === 'wait') call.clock.advance(step.ms)
          else call.playout[step.do]()
        }
        call.playout.resume()
        call.playout.finish()
        call.clock.advance(call.playout.unheardMs + 300)
        call.end()
        await recorder[Symbol.asyncDispose]()
        const { left, right } = sidesOf(file.content())
        const said = Buffer.concat(call.said)
        // Its first frame may have come late: then the line begins that much later.
        const begin = Math.max(0, left.indexOf(said.subarray(0, 160)))
        expect(begin).toBeLessThanOrEqual(60 * 8)
        expect(left.subarray(begin, begin + said.length).equals(said)).toBe(true)
        // A phone is a beat behind, and a frame that was being played when it was cleared is half heard.
        const offsets: number[] = []
        let missed = 0
        for (const { at, audio } of call.played) {
          const sound = Buffer.from(audio)
          const from = Math.max(0, at - 480)
          const found = right.subarray(from, at + begin + 480).indexOf(sound)
          if (found < 0) missed++
          else offsets.push(found + from - at)
        }
        expect(missed).toBeLessThanOrEqual(call.clears + 1)
        const spread = Math.max(0, ...offsets) - Math.min(0, ...offsets)
        expect(spread).toBeLessThanOrEqual(2 * 8 * 30 + begin)
      }),
      { numRuns: 20 },
    )
  })

  it('has a voice that is no faster than speech, and hiccups, where it was heard, however long it speaks', async () => {
    const hiccups = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 })
    const jitter = fc.array(fc.constantFrom(5, 5, 9, 20), { minLength: 4, maxLength: 30 })
    const phase = fc.integer({ min: 0, max: 19 })
    await fc.assert(
      fc.asyncProperty(hiccups, jitter, phase, async (waits, late, phaseMs) => {
        const file = memoryFile()
        const recorder = makeRecorder({ directory, log, open: file.open })
        const call = new PhoneCall(recorder, [...late, 5], phaseMs)
        call.clock.advance(500)
        for (let i = 0; call.clock.now() < 30_000; i++) {
          for (let frame = 0; frame < 10; frame++) {
            call.push(20)
            call.clock.advance(20)
          }
          call.clock.advance(waits[i % waits.length] ?? 0)
        }
        call.clock.advance(500)
        call.end()
        await recorder[Symbol.asyncDispose]()
        const { right } = sidesOf(file.content())
        // Where a run ends or begins in the middle of the phone's frame, half of it stands elsewhere.
        const lost = call.played.filter(({ at, audio }) => {
          const begin = Math.max(0, at - 60 * 8)
          return right.subarray(begin, at + 60 * 8 + 40).indexOf(Buffer.from(audio.subarray(0, 40))) < 0
        })
        expect(lost.length).toBeLessThanOrEqual(call.played.length / 50)
      }),
      { numRuns: 6 },
    )
  })

  it('has a greeting where it was heard, also when the caller’s line brought nothing until later', async () => {
    const file = memoryFile()
    const recorder = makeRecorder({ directory, log, open: file.open })
    const tap = recorder(streamOf('CA1')) ?? (() => {})
    const greeting = makeNoise(9)(8000)
    tap({ atMs: 100, type: 'heard', audio: greeting })
    const frames = framesOf(2)
    for (const [n, audio] of frames.entries()) {
      tap({ atMs: 820 + n * 20, type: 'leg-event', event: { type: 'audio', audio, atMs: 7000 + n * 20 } })
    }
    tap({ atMs: 3000, type: 'happened', event: { ...ended, atMs: 3000 } })
    await recorder[Symbol.asyncDispose]()
    const { left, right } = sidesOf(file.content())
    expect(right.indexOf(Buffer.from(greeting))).toBe(100 * 8)
    expect(left.indexOf(Buffer.concat(frames))).toBe(800 * 8)
  })

  it('has no gap in what was heard without one, though it is told of in pieces that jitter', async () => {
    const file = memoryFile()
    const recorder = makeRecorder({ directory, log, open: file.open })
    const tap = recorder(streamOf('CA1'))
    const noise = makeNoise(5)
    const heard = Array.from({ length: 40 }, () => noise(160))
    for (const [n, frame] of framesOf(2).entries()) {
      speak(tap ?? (() => {}), [frame], n * 20)
      const audio = heard[n - 20]
      if (audio !== undefined) tap?.({ atMs: n * 20 + ((n - 20) % 3) * 7, type: 'heard', audio })
    }
    tap?.({ atMs: 2000, type: 'happened', event: { ...ended, atMs: 2000 } })
    await recorder[Symbol.asyncDispose]()
    const { right } = sidesOf(file.content())
    // A line that has begun is known to the 20 ms of a frame.
    expect(Math.abs(right.indexOf(Buffer.concat(heard)) - 400 * 8)).toBeLessThanOrEqual(20 * 8)
  })

  it('has what was heard while the house stood still where it was heard', async () => {
    const file = memoryFile()
    const recorder = makeRecorder({ directory, log, open: file.open })
    const tap = recorder(streamOf('CA1')) ?? (() => {})
    const frames = framesOf(4)
    const heard = makeNoise(9)(8000)
    speak(tap, frames.slice(0, 50))
    // Nothing for 1.5 s, then all at once; what was heard meanwhile is told of last.
    for (const [n, audio] of frames.slice(50, 125).entries()) {
      tap({ atMs: 2500, type: 'leg-event', event: { type: 'audio', audio, atMs: 1000 + n * 20 } })
    }
    tap({ atMs: 1100, type: 'heard', audio: heard })
    speak(tap, frames.slice(125), 2500)
    tap({ atMs: 4000, type: 'happened', event: { ...ended, atMs: 4000 } })
    await recorder[Symbol.asyncDispose]()
    const { left, right } = sidesOf(file.content())
    expect(left.equals(Buffer.concat(frames))).toBe(true)
    expect(Math.abs(right.indexOf(Buffer.from(heard)) - 1100 * 8)).toBeLessThanOrEqual(20 * 8)
  })

  it('fills a hole that the carrier has left with silence, and writes nothing twice', async () => {
    const file = memoryFile()
    const recorder = makeRecorder({ directory, log, open: file.open })
    const tap = recorder(streamOf('CA1')) ?? (() => {})
    const frames = framesOf(1)
    speak(tap, frames.slice(0, 25))
    speak(tap, frames.slice(25), 700)
    tap({ atMs: 1300, type: 'happened', event: { ...ended, atMs: 1300 } })
    await recorder[Symbol.asyncDispose]()
    const silence = Buffer.alloc(200 * 8, 0xff)
    const whole = Buffer.concat([...frames.slice(0, 25), silence, ...frames.slice(25)])
    expect(sidesOf(file.content()).left.equals(whole)).toBe(true)
  })

  it('is the same sound on a line of A-law', async () => {
    const file = memoryFile()
    const recorder = makeRecorder({ directory, log, open: file.open })
    const format = { encoding: 'alaw', sampleRate: 8000 } as const
    const tap = recorder({ ...streamOf('CA1'), format }) ?? (() => {})
    const samples = Int16Array.from({ length: 160 }, (_, i) => Math.round(8000 * Math.sin(i / 5)))
    tap({ atMs: 20, type: 'leg-event', event: { type: 'audio', audio: encodeAlaw(samples), atMs: 0 } })
    tap({ atMs: 21, type: 'happened', event: { ...ended, atMs: 21 } })
    await recorder[Symbol.asyncDispose]()
    expect(readWav(file.content()).channels[0]).toEqual(decodeAlaw(encodeAlaw(samples)))
  })

  it('is whole to the last second at any moment, so a process that dies leaves a file that plays', async () => {
    const file = memoryFile()
    const recorder = makeRecorder({ directory, log, open: file.open })
    const tap = recorder(streamOf('CA1')) ?? (() => {})
    const frames = framesOf(4)
    speak(tap, frames)
    // What the process has given to the disk by now is what is left of it.
    await expect.poll(() => file.content().length).toBeGreaterThan(44 + 3 * 8000 * 4)
    const { left } = sidesOf(file.content())
    expect(left.length).toBeGreaterThanOrEqual(3 * 8000)
    expect(left.equals(Buffer.concat(frames).subarray(0, left.length))).toBe(true)
    await recorder[Symbol.asyncDispose]()
  })

  it('stops when the disk is full: one line in the log, and the call is none the wiser', async () => {
    const full = Object.assign(new Error('no space left, said of /secret/path'), { code: 'ENOSPC' })
    let writes = 0
    const file = memoryFile((bytes) => (++writes > 4 ? full : bytes))
    const { log: told, records } = makeLogRecorder()
    const recorder = makeRecorder({ directory, log: told, open: file.open })
    const tap = recorder(streamOf('CA1')) ?? (() => {})
    for (let second = 0; second < 20; second++) {
      speak(tap, framesOf(1), second * 1000)
      await new Promise(setImmediate)
    }
    tap({ atMs: 20_000, type: 'happened', event: { ...ended, atMs: 20_000 } })
    await recorder[Symbol.asyncDispose]()
    expect(records).toMatchObject([{ level: 'error', fields: { callId: 'CA1', reason: 'ENOSPC' } }])
    expect(JSON.stringify(records)).not.toContain('secret')
    expect(sidesOf(file.content()).left.length).toBeGreaterThan(0)
  })

  it('stops when the disk does not answer: what waits for it is bounded', async () => {
    const { log: told, records } = makeLogRecorder()
    const never = new Promise<never>(() => {})
    const recorder = makeRecorder({ directory, log: told, open: () => never })
    const tap = recorder(streamOf('CA1')) ?? (() => {})
    speak(tap, framesOf(60))
    expect(records).toMatchObject([{ level: 'error', fields: { reason: 'the disk is too slow' } }])
  })

  it('takes a disk that takes half of what it is given', async () => {
    const file = memoryFile((bytes) => Math.ceil(bytes / 2))
    const recorder = makeRecorder({ directory, log, open: file.open })
    const tap = recorder(streamOf('CA1')) ?? (() => {})
    const frames = framesOf(3)
    speak(tap, frames)
    tap({ atMs: 3000, type: 'happened', event: { ...ended, atMs: 3000 } })
    await recorder[Symbol.asyncDispose]()
    expect(sidesOf(file.content()).left.equals(Buffer.concat(frames))).toBe(true)
  })

  it('is made for agents that want it only', () => {
    const recorder = makeRecorder({ directory, log })
    expect(recorder(streamOf('CA1', { recording: false }))).toBeUndefined()
  })

  it('lies on the disk for its owner alone, and what a crash left is repaired', async () => {
    const recorder = makeRecorder({ directory, log })
    const tap = recorder(streamOf('CA-real')) ?? (() => {})
    speak(tap, framesOf(2))
    tap({ atMs: 2000, type: 'happened', event: { ...ended, atMs: 2000 } })
    await recorder[Symbol.asyncDispose]()
    const folder = join(directory, 'calls', 'CA-real')
    const [name = ''] = await readdir(folder)
    const path = join(folder, name)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    const whole = await readFile(path)
    const later = Date.now() + 60_000
    expect(sidesOf(whole).left.equals(Buffer.concat(framesOf(2)))).toBe(true)
    expect(await repairRecordings({ directory, before: Number.POSITIVE_INFINITY, now: later, log })).toBe(0)
    // The header of a moment ago, and half a sample at the end.
    const stale = Buffer.from(whole)
    stale.writeUInt32LE(36 + 4000, 4)
    stale.writeUInt32LE(4000, 40)
    await writeFile(path, stale)
    await truncate(path, whole.length - 2)
    expect(await repairRecordings({ directory, before: 0, now: later, log })).toBe(0)
    // Somebody else may be writing it.
    const { mtimeMs } = await stat(path)
    const soon = { directory, before: Number.POSITIVE_INFINITY, now: mtimeMs + 2900, log }
    expect(await repairRecordings(soon)).toBe(0)
    expect(await repairRecordings({ directory, before: Number.POSITIVE_INFINITY, now: later, log })).toBe(1)
    expect(sidesOf(await readFile(path)).left.length).toBe(2 * 8000 - 1)
  })
})
