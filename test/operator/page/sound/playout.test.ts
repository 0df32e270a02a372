import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMulaw } from '../../../../src/operator/page/sound/mulaw.ts'
import { Playout } from '../../../../src/operator/page/sound/playout.ts'
import { TimedMix } from '../../../../src/operator/page/sound/timed-mix.ts'

const sound = (length: number, byte = 0x10) => new Uint8Array(length).fill(byte)
const LOUD = decodeMulaw(Uint8Array.of(0x10))[0] ?? 0

function openPlayout() {
  const marks: string[] = []
  const playout = new Playout((name) => void marks.push(name))
  const take = (count: number) => {
    const samples = new Float32Array(count)
    playout.take(samples)
    return samples
  }
  return { playout, marks, take }
}

describe("the phone's playout", () => {
  it('plays what it was given, in order, and silence when there is nothing', () => {
    const { playout, take } = openPlayout()
    playout.play(sound(5))
    playout.play(sound(3, 0x90))
    expect([...take(6)].map((sample) => Math.sign(sample))).toEqual([-1, -1, -1, -1, -1, 1])
    expect(playout.waiting).toBe(2)
    expect([...take(4)].map((sample) => Math.sign(sample))).toEqual([1, 1, 0, 0])
    expect([...take(2)]).toEqual([0, 0])
  })

  it('tells a mark when the last sample before it has been played, and not earlier', () => {
    const { playout, marks, take } = openPlayout()
    playout.mark('at once')
    expect(marks).toEqual(['at once'])
    playout.play(sound(160))
    playout.mark('behind it')
    take(159)
    expect(marks).toEqual(['at once'])
    take(1)
    // The last sample is being played now.
    expect(marks).toEqual(['at once'])
    playout.mark('after it')
    take(1)
    expect(marks).toEqual(['at once', 'behind it', 'after it'])
  })

  it('tells all marks in order, after exactly what was before them, however it is taken', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant('mark')), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 5 }),
        (items, sizes) => {
          let taken = 0
          const told: number[] = []
          const playout = new Playout(() => void told.push(taken))
          const due: number[] = []
          let given = 0
          for (const item of items) {
            if (typeof item === 'number') {
              playout.play(sound(item))
              given += item
            } else {
              playout.mark('m')
              due.push(given)
            }
          }
          for (let k = 0; taken < given + 64; k++) {
            const size = sizes[k % sizes.length] ?? 1
            playout.take(new Float32Array(size))
            taken += size
          }
          expect(told).toHaveLength(due.length)
          // Never before its time, and at most one block after it.
          for (const [i, at] of told.entries()) {
            expect(at).toBeGreaterThanOrEqual(due[i] ?? 0)
            expect(at).toBeLessThanOrEqual((due[i] ?? 0) + 64)
          }
        },
      ),
      { numRuns: 100 },
    )
  })

  it('gives all marks back when it is cleared, and fades within 5 ms', () => {
    const { playout, marks, take } = openPlayout()
    playout.play(sound(400))
    playout.mark('first')
    playout.play(sound(400))
    playout.mark('second')
    take(100)
    playout.clear()
    expect(marks).toEqual(['first', 'second'])
    const rest = take(100)
    const steps = rest.map((sample, i) => Math.abs(sample - (rest[i - 1] ?? LOUD)))
    expect(Math.max(...steps)).toBeLessThanOrEqual(Math.abs(LOUD) / 39)
    expect([...rest.subarray(40)].every((sample) => sample === 0)).toBe(true)
    expect(playout.waiting).toBe(0)
    playout.clear()
    expect(marks).toEqual(['first', 'second'])
  })

  it('drops without a sound what has not begun to be heard', () => {
    const { playout, take } = openPlayout()
    playout.play(sound(400))
    playout.clear()
    expect(take(50).every((sample) => sample === 0)).toBe(true)
  })

  it('takes ten minutes of sound and no more', () => {
    const { playout } = openPlayout()
    const minute = sound(480_000)
    for (let n = 0; n < 10; n++) expect(playout.play(minute)).toBe(true)
    expect(playout.play(sound(1))).toBe(false)
    playout.clear()
    expect(playout.play(sound(1))).toBe(true)
  })
})

describe('a live call that is listened to', () => {
  const open = (delayMs = 100) => {
    const mix = new TimedMix(delayMs)
    const take = (ms: number) => {
      const [caller, agent] = [new Float32Array(ms * 8), new Float32Array(ms * 8)]
      mix.take(caller, agent)
      return { caller, agent }
    }
    return { mix, take }
  }
  const loud = (samples: Float32Array) => samples.reduce((n, sample) => n + (sample === 0 ? 0 : 1), 0)

  it('is played a little later, each voice in its own time', () => {
    const { mix, take } = open()
    for (let n = 0; n < 10; n++) mix.put(0, 5000 + 20 * n, sound(160))
    mix.put(1, 5040, sound(160))
    expect(loud(take(100).caller)).toBe(0)
    const { caller, agent } = take(200)
    expect(loud(caller)).toBe(1600)
    expect(loud(agent.subarray(0, 320))).toBe(0)
    expect(loud(agent.subarray(320, 480))).toBe(160)
    expect(loud(agent.subarray(480))).toBe(0)
  })

  it('has no gaps where whole milliseconds were too coarse', () => {
    const { mix, take } = open()
    // Frames of 20 ms, whose times were cut to milliseconds, now early and now late.
    for (let n = 0; n < 20; n++) mix.put(0, 1000 + 20 * n + (n % 3) - (n === 0 ? 0 : 1), sound(160))
    take(100)
    expect(loud(take(400).caller)).toBe(3200)
  })

  it('plays what comes late while it is in time', () => {
    const { mix, take } = open()
    mix.put(0, 0, sound(160))
    take(100)
    mix.put(0, 60, sound(160))
    mix.put(0, 20, sound(160))
    const { caller } = take(100)
    expect(loud(caller.subarray(0, 160))).toBe(160)
    expect(loud(caller.subarray(160, 320))).toBe(160)
    expect(loud(caller.subarray(320, 480))).toBe(0)
    expect(loud(caller.subarray(480, 640))).toBe(160)
  })

  it('loses nothing of a voice that was held up: from then on all is played later', () => {
    const { mix, take } = open()
    for (let n = 0; n < 5; n++) mix.put(0, 20 * n, sound(160))
    take(100)
    // The other voice is not disturbed: what it said for later stays.
    mix.put(1, 300, sound(160))
    expect(loud(take(200).caller)).toBe(800)
    for (let n = 5; n < 15; n++) mix.put(0, 20 * n, sound(160))
    take(100)
    const { caller, agent } = take(220)
    expect(loud(caller)).toBe(1600)
    expect(loud(agent.subarray(1600))).toBe(160)
  })

  it('goes on when the time of the line jumped, or stood still', () => {
    const { mix, take } = open()
    mix.put(0, 0, sound(160))
    take(500)
    mix.put(0, 60_000, sound(160))
    take(100)
    expect(loud(take(20).caller)).toBe(160)
    take(5000)
    mix.put(1, 61_000, sound(160))
    take(100)
    expect(loud(take(20).agent)).toBe(160)
  })
})
