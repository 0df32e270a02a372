import { beforeAll, describe, expect, it } from 'vitest'
import { levelDbfs } from '../../../src/audio/level.ts'
import { samplesOf } from '../../../src/audio/pcm.ts'
import { loadVoiceModule, makeVoice, type Voice, voiceNamed, voiceNames } from '../../../src/providers/local/voice.ts'

let module: WebAssembly.Module
let voice: Voice

beforeAll(async () => {
  module = await loadVoiceModule()
  voice = makeVoice(module)
})

const SENTENCE = 'So, a table for two, tomorrow, at seven thirty.'

describe('the embedded agent\u2019s voice', () => {
  it.each(voiceNames)('%s speaks at the level and the pace of a person, at once', (name) => {
    const samples = samplesOf(voice.say(SENTENCE, name, 16_000))
    const seconds = samples.length / 16_000
    expect(seconds).toBeGreaterThan(3)
    expect(seconds).toBeLessThan(4.5)
    expect(levelDbfs(samples)).toBeGreaterThan(-24)
    expect(levelDbfs(samples)).toBeLessThan(-19)
    expect(samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)).toBeLessThan(32_768 * 0.71)
    // The caller waits for the first sound: the voices' own 140 to 200 ms of nothing are gone.
    expect(levelDbfs(samples.subarray(0, 800))).toBeGreaterThan(-50)
    // A short pause before the next sentence.
    expect(levelDbfs(samples.subarray(-3200))).toBeLessThan(-60)
  })

  it.each([8000, 16_000, 24_000, 48_000])('lasts as long at %i Hz', (rate) => {
    const seconds = voice.say('Is that right?', 'rms', 16_000).length / 2 / 16_000
    expect(voice.say('Is that right?', 'rms', rate).length / 2 / rate).toBeCloseTo(seconds, 3)
  })

  it('says the same words the same way each time, also without what it remembers', () => {
    const again = makeVoice(module).say(SENTENCE, 'rms', 24_000)
    expect(Buffer.from(again).equals(voice.say(SENTENCE, 'rms', 24_000))).toBe(true)
  })

  it('speaks fifty sentences in a row, in two voices, and none is silence', () => {
    for (let i = 0; i < 50; i++) {
      const samples = samplesOf(voice.say(`Table ${i}, please.`, i % 2 === 0 ? 'rms' : 'slt', 8000))
      expect(levelDbfs(samples)).toBeGreaterThan(-30)
    }
  })

  it('forgets the sentences said long ago: its memory is bounded', () => {
    const small = makeVoice(module)
    const first = small.say('One.', 'rms', 48_000)
    expect(small.say('One.', 'rms', 48_000)).toBe(first)
    let bytes = 0
    for (let i = 0; bytes < 4 << 20; i++) bytes += small.say(`This is number ${i}, ${SENTENCE}`, 'rms', 48_000).length
    expect(small.say('One.', 'rms', 48_000)).not.toBe(first)
  })

  it('says nothing for no words, and reads what it cannot spell as well as it can', () => {
    for (const nothing of ['', '  ', '\u2026', '\u6f22\u5b57', '?!']) {
      expect(voice.say(nothing, 'rms', 24_000)).toHaveLength(0)
    }
    expect(
      voice.say('Caf\u00e9 Zo\u00eb \u6f22 isn\u2019t <b>open</b> "now" \\ % -o x', 'rms', 16_000).length,
    ).toBeGreaterThan(32_000)
  })

  it('cuts a sentence that would keep its thread for seconds', () => {
    const samples = samplesOf(voice.say('blah '.repeat(5000), 'rms', 8000))
    expect(samples.length / 8000).toBeLessThan(60)
  })

  it('takes another model\u2019s voice for its default', () => {
    expect(voiceNamed('Tina')).toBe('rms')
    expect(voiceNamed('slt')).toBe('slt')
  })
})
