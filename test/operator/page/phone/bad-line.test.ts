import { describe, expect, it } from 'vitest'
import { makeBadLine } from '../../../../src/operator/page/phone/bad-line.ts'
import { levelDbfs } from '../../../../src/operator/page/sound/mulaw.ts'

/** The same numbers each time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const silence = new Uint8Array(160).fill(0xff)

describe('the line that the phone speaks on', () => {
  it('is clean unless another is asked for', () => {
    const line = makeBadLine('clean', seeded(1))
    expect(line.distort(silence)).toEqual(silence)
    expect(Array.from({ length: 1000 }, () => line.fate()).every((fate) => fate === 'send')).toBe(true)
  })

  it('hisses at -38 dBFS when it is noisy, and loses nothing', () => {
    const line = makeBadLine('noisy', seeded(2))
    const heard = Uint8Array.from(Array.from({ length: 50 }, () => [...line.distort(silence)]).flat())
    expect(levelDbfs(heard)).toBeCloseTo(-38, 0)
    expect(Array.from({ length: 1000 }, () => line.fate()).every((fate) => fate === 'send')).toBe(true)
  })

  it('loses some 3 % of the frames when it is lossy, and holds back no more than 120 ms', () => {
    const line = makeBadLine('lossy', seeded(3))
    const fates = Array.from({ length: 50_000 }, () => line.fate())
    const lost = fates.filter((fate) => fate === 'lose').length / fates.length
    expect(lost).toBeGreaterThan(0.02)
    expect(lost).toBeLessThan(0.04)
    const runs = fates
      .filter((fate) => fate !== 'lose')
      .join(' ')
      .split('send')
      .map((run) => run.split('hold').length - 1)
    expect(Math.max(...runs)).toBeLessThanOrEqual(6)
    expect(Math.max(...runs)).toBeGreaterThan(2)
    expect(line.distort(silence)).toEqual(silence)
  })
})
