import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeMulaw, encodeMulaw } from '../../../../src/audio/g711.ts'
import { makeResampler } from '../../../../src/audio/resampler.ts'
import { readWav } from '../../../../src/audio/wav.ts'
import { restaurant } from '../../../../src/providers/local/domain/restaurant.ts'
import { type Heard, loadRecogniser, type Recogniser } from '../../../../src/providers/local/recogniser/recogniser.ts'

/** A recording as it comes over the telephone: mu-law, digitally silent before and after, at the recogniser's rate. */
function overTheLine(file: string): Int16Array {
  const [speech] = readWav(readFileSync(new URL(`../../../../fixtures/audio/${file}.wav`, import.meta.url))).channels
  if (speech === undefined) throw new Error(`${file} has no sound`)
  const line = new Int16Array(speech.length + 8000)
  line.set(speech, 3840)
  return makeResampler(8000, 16_000).push(decodeMulaw(encodeMulaw(line)))
}

let recogniser: Recogniser

beforeAll(async () => {
  recogniser = await loadRecogniser(restaurant.grammar)
})
afterAll(() => recogniser[Symbol.dispose]())

function hear(samples: Int16Array): Heard {
  recogniser.start()
  for (let at = 0; at < samples.length; at += 512) recogniser.push(samples.subarray(at, at + 512))
  return recogniser.finish()
}

describe('a real human voice on a telephone line', () => {
  it.each([
    ['hello', /^hello$/],
    ['hello-hours', /^hello hours$/],
    ['location', /location$/],
    ['for-two-friday-at-eight-thirty', /^for two friday at eight thirty$/],
    ['for-six-saturday-at-seven-thirty-pm', /^for six saturday at seven thirty p m$/],
    ['tomorrow', /^tomorrow$/],
    ['no', /^no$/],
    ['please-try-again', /try again$/],
    ['cancelled', /^cancel/],
    ['thank-you-goodbye', /goodbye$/],
  ])('is understood when it says %s', async (file, words) => {
    await recogniser.reset()
    expect(hear(overTheLine(file)).text).toMatch(words)
  })

  it.each(['weasels', 'sorry-having-problems', 'last-call', 'long-turn', 'in-quale-cartella'])(
    'is not taken for something else when it says what nobody asked for: %s',
    async (file) => {
      await recogniser.reset()
      expect(hear(overTheLine(file))).toEqual({ text: '', rejected: true })
    },
  )

  it('is heard the same each time', async () => {
    const sound = overTheLine('for-two-friday-at-eight-thirty')
    await recogniser.reset()
    const first = hear(sound)
    await recogniser.reset()
    expect(hear(sound)).toEqual(first)
  })

  it('that says nothing is rejected, and what was dropped is forgotten', async () => {
    await recogniser.reset()
    expect(hear(new Int16Array(16_000))).toEqual({ text: '', rejected: true })
    recogniser.start()
    recogniser.push(overTheLine('weasels'))
    recogniser.abort()
    expect(() => recogniser.push(new Int16Array(10))).toThrow(/start/)
    expect(hear(overTheLine('hello')).text).toBe('hello')
  })
})

it('a grammar with a mistake is refused in a short message', async () => {
  await expect(loadRecogniser('#JSGF V1.0; grammar x; <sentence> = ( hello ;')).rejects.toThrow(/^.{1,300}$/s)
})
