import { describe, expect, it } from 'vitest'
import { BLOCK_SAMPLES, EchoTest, type Origin } from '../../src/audio/echo.ts'
import { decodeMulaw, encodeMulaw } from '../../src/audio/g711.ts'
import { type Case, cases, soundOf } from '../bench/conversation/cases.ts'
import { agentSpeech } from '../bench/conversation/detector.ts'

const agent = agentSpeech()

/** What it says of every block that is louder than -50 dBFS. */
function origins(sound: Int16Array): Origin[] {
  const test = new EchoTest()
  const heard = Float32Array.from(decodeMulaw(encodeMulaw(sound)))
  const played = Float32Array.from(decodeMulaw(encodeMulaw(agent)))
  const told: Origin[] = []
  for (let at = 0; at + BLOCK_SAMPLES <= heard.length; at += BLOCK_SAMPLES) {
    const block = heard.subarray(at, at + BLOCK_SAMPLES)
    const other = played.subarray(at, at + BLOCK_SAMPLES)
    test.play(other, power(other))
    if (power(block) > 1e-5) told.push(test.origin(block, power(block)))
    else test.quiet(power(block))
  }
  return told
}

function power(samples: Float32Array): number {
  return samples.reduce((sum, sample) => sum + (sample / 32_768) ** 2, 0) / samples.length
}

function share(told: readonly Origin[], origin: Origin): number {
  return told.filter((one) => one === origin).length / told.length
}

function echo(levelDb: number, delayMs: number, room: boolean): Case {
  const one = cases.find((it) => it.kind === 'echo')
  if (one === undefined) throw new RangeError('no case of echo')
  return { ...one, echo: { levelDb, delayMs, room } }
}

describe('the echo test', () => {
  it.each([60, 83.4, 121.6, 160.1, 207.9, 250, 390])('knows the echo of what was played %f ms ago', (delayMs) => {
    for (const room of [false, true]) {
      expect(share(origins(soundOf(echo(-20, delayMs, room), agent)), 'own')).toBe(0)
    }
  })

  it('does not take callers for echoes, though the agent speaks', () => {
    const callers = cases.filter((one) => one.kind === 'sentence' && one.split === 'test').slice(0, 12)
    for (const one of callers) expect(share(origins(soundOf(one, agent)), 'own'), one.name).toBeGreaterThan(0.75)
  })

  it('looks no further back than 400 ms', () => {
    expect(share(origins(soundOf(echo(-15, 600, false), agent)), 'own')).toBeGreaterThan(0.3)
  })

  it('expects no echo where nothing was played', () => {
    const test = new EchoTest()
    expect(test.possible).toBe(false)
    test.play(new Float32Array(BLOCK_SAMPLES).fill(3000), 0.008)
    for (let ms = 0; ms < 400; ms += 10) {
      expect(test.possible).toBe(true)
      test.play(undefined, 0)
    }
    test.play(undefined, 0)
    expect(test.possible).toBe(false)
  })
})
