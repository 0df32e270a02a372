import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Ear, type EarNews } from '../../src/audio/ear.ts'
import { mulaw8k, pcm16k } from '../../src/audio/format.ts'
import { encodeAlaw, encodeMulaw } from '../../src/audio/g711.ts'
import { makeSilero } from '../../src/audio/silero.ts'
import { parseSileroWeights } from '../../src/audio/silero-weights.ts'
import { readSpeechWeights } from '../../src/base/speech-weights.ts'
import { type Case, cases, soundOf } from '../bench/conversation/cases.ts'
import { agentSpeech } from '../bench/conversation/detector.ts'

const weights = parseSileroWeights(readSpeechWeights())
const speech = () => makeSilero(weights)
const agent = agentSpeech()
const played = encodeMulaw(agent)

interface Told {
  readonly news: EarNews
  /** End of the 10 ms in which it was told [ms]. */
  readonly atMs: number
}

/** Lets an ear hear it in pieces of 10 ms. */
function listen(ear: Ear, sound: Uint8Array, heard: Uint8Array | undefined, careful: boolean): Told[] {
  const told: Told[] = []
  for (let at = 0; at + 80 <= sound.length; at += 80) {
    const news = ear.hear(sound.subarray(at, at + 80), heard?.subarray(at, at + 80), careful)
    if (news !== undefined) told.push({ news, atMs: at / 8 + 10 })
  }
  return told
}

function newsOf(one: Case): Told[] {
  return listen(new Ear({ format: mulaw8k, speech }), encodeMulaw(soundOf(one, agent)), played, true)
}

function named(name: string): Case {
  const found = cases.find((one) => one.name === name)
  if (found === undefined) throw new RangeError(`no case ${name}`)
  return found
}

function first(told: readonly Told[], news: EarNews): number | undefined {
  return told.find((one) => one.news === news)?.atMs
}

describe('an ear, while the agent speaks', () => {
  it.each([
    'sentence-it-vm-repeat',
    'sentence-fr-vm-savefolder',
    'sentence-ru-dir-nomore',
    'sentence-sphinx-goforward',
    'sentence-books-0870 snr20',
    'sentence-es-vm-savefolder snr10',
    'sentence-it-dir-nomore far',
    'word-en-vm-no',
    'word-fr-goodbye',
  ])('hears within 120 ms that a caller speaks, and soon that it goes on: %s', (name) => {
    const one = named(name)
    const told = newsOf(one)
    expect(told[0]?.news).toBe('onset')
    expect((first(told, 'onset') ?? Infinity) - one.speechAtMs).toBeLessThanOrEqual(120)
    expect((first(told, 'sustained') ?? Infinity) - one.speechAtMs).toBeLessThanOrEqual(500)
  })

  it.each(['double-talk', 'echo'] as const)('tells a caller from the echo of the agent: %s', (kind) => {
    for (const one of cases.filter((it) => it.kind === kind && it.split === 'test').slice(0, 5)) {
      const onset = first(newsOf(one), 'onset')
      if (kind === 'echo') expect(onset, one.name).toBeUndefined()
      else expect((onset ?? Infinity) - one.speechAtMs, one.name).toBeLessThanOrEqual(120)
    }
  })

  it('hears nobody in noise, clicks and breath', () => {
    const nothing = cases.filter((one) => ['noise', 'click', 'breath'].includes(one.kind))
    for (const one of nothing) expect(newsOf(one), one.name).toEqual([])
  })

  it('takes no cough, hum, knock, tone or music for somebody who speaks on', () => {
    const kinds = ['cough', 'backchannel', 'knock', 'tone', 'music']
    const some = cases.filter((one) => kinds.includes(one.kind) && one.split === 'test' && one.core)
    for (const one of some) expect(first(newsOf(one), 'sustained'), one.name).toBeUndefined()
  })

  it('says when the caller has ended, and is silent for as long as the line is', () => {
    const one = named('sentence-it-vm-repeat')
    const ear = new Ear({ format: mulaw8k, speech })
    const quiet = encodeMulaw(new Int16Array(4000))
    const told = listen(ear, Buffer.concat([encodeMulaw(soundOf(one)), quiet]), undefined, true)
    expect(told.at(-1)?.news).toBe('ended')
    expect(ear.speaking).toBe(false)
    const endMs = one.durationMs + 500 - ear.silentMs
    expect(Math.abs(endMs - one.speechEndMs)).toBeLessThanOrEqual(60)
  })
})

describe('an ear that is handed frames', () => {
  it('has one thing to tell of 20 ms, also where speech ends and begins at once', () => {
    const told = newsOf(named('sentence-it-vm-repeat soft'))
    expect(told.filter((one) => one.news === 'onset').length).toBeGreaterThan(1)
    for (const [i, one] of told.entries()) expect(one.atMs - (told[i - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(20)
  })
})

describe('an ear without a judge', () => {
  it('knows to 50 ms when each of ten sentences begins and ends', () => {
    const sentences = cases
      .filter((one) => one.kind === 'sentence' && one.noiseDbfs < -60 && one.split === 'tune')
      .slice(0, 10)
    for (const one of sentences) {
      const ear = new Ear({ format: mulaw8k })
      const sound = soundOf(one)
      const told = listen(ear, encodeMulaw(sound), undefined, true)
      expect(Math.abs((first(told, 'onset') ?? Infinity) - one.speechAtMs), one.name).toBeLessThanOrEqual(50)
      const endMs = 10 * Math.floor(sound.length / 80) - ear.silentMs
      expect(Math.abs(endMs - one.speechEndMs), one.name).toBeLessThanOrEqual(50)
    }
  })

  it('gets used to noise within three seconds, and then still hears a caller', () => {
    const noise = named('noise steady -40')
    const ear = new Ear({ format: mulaw8k })
    listen(ear, encodeMulaw(soundOf(noise)), undefined, false)
    expect(listen(ear, encodeMulaw(soundOf(noise)), undefined, false)).toEqual([])
    const caller = named('sentence-en-dir-nomore')
    const told = listen(ear, encodeMulaw(soundOf({ ...caller, noiseDbfs: -40 })), undefined, false)
    expect(told.map((one) => one.news).slice(0, 2)).toEqual(['onset', 'sustained'])
  })

  it('hears the same in A-law as in mu-law', () => {
    const sound = soundOf(named('sentence-it-vm-repeat'))
    const alaw = listen(
      new Ear({ format: { encoding: 'alaw', sampleRate: 8000 } }),
      encodeAlaw(sound),
      undefined,
      false,
    )
    const mulaw = listen(new Ear({ format: mulaw8k }), encodeMulaw(sound), undefined, false)
    expect(alaw.map((one) => one.news)).toEqual(mulaw.map((one) => one.news))
    for (const [i, one] of alaw.entries()) expect(Math.abs(one.atMs - (mulaw[i]?.atMs ?? 0))).toBeLessThanOrEqual(10)
    const quiet = new Int16Array(8000)
    const floor = (ear: Ear, silence: Uint8Array) => listen(ear, silence, undefined, false)
    expect(floor(new Ear({ format: { encoding: 'alaw', sampleRate: 8000 } }), encodeAlaw(quiet))).toEqual([])
    expect(floor(new Ear({ format: mulaw8k }), encodeMulaw(quiet))).toEqual([])
  })

  it('finds a voice anew when it is to be careful, whatever it took for one before', () => {
    const ear = new Ear({ format: mulaw8k, speech })
    const sentence = encodeMulaw(soundOf(named('sentence-en-vm-sorry')))
    const before = listen(ear, sentence.subarray(0, 6400), undefined, false)
    expect(before.map(({ news }) => news)).toEqual(['onset', 'sustained'])
    const after = listen(ear, sentence.subarray(6400), undefined, true)
    expect(after.slice(0, 3).map(({ news }) => news)).toEqual(['ended', 'onset', 'sustained'])
  })

  it('has heard nobody ever, at first', () => {
    const ear = new Ear({ format: mulaw8k })
    listen(ear, encodeMulaw(new Int16Array(1600)), undefined, false)
    expect(ear).toMatchObject({ speaking: false, speechMs: 0, silentMs: Infinity })
  })

  it('takes the sound of a leg only', () => {
    expect(() => new Ear({ format: pcm16k })).toThrow(RangeError)
  })
})

describe('any ear', () => {
  /** In a row, the agent beginning anew each time. */
  const names = [
    'word-en-vm-no',
    'echo -20 dB 91 ms',
    'sentence-fr-im-sorry',
    'cough-hogs-default-poisoncough loud',
    'noise sudden -40',
  ]
  const row = names.map(named)
  const sound = Buffer.concat(row.map((one) => encodeMulaw(soundOf(one, agent))))
  const played = Buffer.concat(row.map((one) => encodeMulaw(agent.subarray(0, soundOf(one).length))))

  it('tells the same at the same place, however the sound is cut', () => {
    const whole = listen(new Ear({ format: mulaw8k, speech }), sound, played, true)
    expect(whole.length).toBeGreaterThan(3)
    const cuts = fc.array(fc.integer({ min: 1, max: 160 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(cuts, (lengths) => {
        const ear = new Ear({ format: mulaw8k, speech })
        const told: Told[] = []
        for (let at = 0, i = 0; at < sound.length; i++) {
          const end = Math.min(sound.length, at + (lengths[i % lengths.length] ?? 1))
          const news = ear.hear(sound.subarray(at, end), played.subarray(at, end), true)
          if (news !== undefined) told.push({ news, atMs: Math.ceil(end / 80) * 10 })
          at = end
        }
        expect(told.map((one) => one.news)).toEqual(whole.map((one) => one.news))
        for (const [i, one] of told.entries()) {
          const late = one.atMs - (whole[i]?.atMs ?? 0)
          expect(late).toBeGreaterThanOrEqual(0)
          expect(late).toBeLessThanOrEqual(20)
        }
      }),
      { numRuns: 3 },
    )
  })

  it('begins before it goes on, and ends what it began, whatever it hears', () => {
    const piece = fc.record({
      from: fc.nat(sound.length - 2000),
      length: fc.integer({ min: 100, max: 6000 }),
      heard: fc.boolean(),
      careful: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(piece, { minLength: 3, maxLength: 12 }), (pieces) => {
        const ear = new Ear({ format: mulaw8k, speech })
        const told = pieces.flatMap(({ from, length, heard, careful }) =>
          listen(ear, sound.subarray(from, from + length), heard ? played : undefined, careful).map((one) => one.news),
        )
        for (const [i, news] of told.entries()) {
          const before = told[i - 1] ?? 'ended'
          expect([before, news]).toEqual([news === 'onset' ? 'ended' : news === 'sustained' ? 'onset' : before, news])
          if (news === 'ended') expect(before).not.toBe('ended')
        }
        expect(ear.speaking).toBe(told.length > 0 && told.at(-1) !== 'ended')
      }),
      { numRuns: 6 },
    )
  })
})
