/*
 * How much of its domain the embedded agent understands over the telephone.
 *
 *   node scripts/measure-recogniser.ts [--verbose] [folder with further recordings of other things]
 *
 * Callers: 36 sentences by four synthetic voices; real voices (fixtures/audio), of which seven recordings are not of the
 * domain. Channel: 300 to 3400 Hz for the synthetic ones, pink or white noise at the given SNR, 8 kHz mu-law. Right: the
 * dialogue answers what was heard as it would what was said, whatever it had asked. Every recording is a call of its own.
 * CPU: decoding alone, as a share of the sound's length. The folder (Debian's asterisk-core-sounds, unpacked) is looked
 * through for WAV files of 0.9 to 6 s, every eighth is taken; words that are of the domain by chance count as wrong.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeMulaw, encodeMulaw } from '../src/audio/g711.ts'
import { levelDbfs } from '../src/audio/level.ts'
import { samplesOf } from '../src/audio/pcm.ts'
import { makeResampler } from '../src/audio/resampler.ts'
import { readWav } from '../src/audio/wav.ts'
import { restaurant } from '../src/providers/local/domain/restaurant.ts'
import { loadRecogniser } from '../src/providers/local/recogniser/recogniser.ts'
import { loadVoiceModule, makeVoice, type VoiceName } from '../src/providers/local/voice.ts'

const sentences = [
  "i'd like to book a table for two tomorrow at seven thirty",
  "can i book a table for four on friday at eight o'clock",
  'could we have a table for eight on wednesday at noon',
  'good evening i would like a reservation for two on tuesday at seven fifteen',
  'book a table for three people tonight at nine',
  'a table for six on saturday at half past seven please',
  'a party of four on thursday at six',
  'i want to make a reservation',
  'for two',
  'four people',
  'on sunday',
  'tomorrow',
  'at seven',
  'seven thirty p m',
  'quarter past eight',
  'change the time to eight thirty',
  'no make it five people',
  "that's right",
  'yes please',
  'no',
  'what are your opening hours',
  'when do you open',
  'are you open on monday',
  'where are you located',
  "what's the address",
  "what's on the menu",
  'do you have any vegetarian dishes',
  'what are your prices',
  'how much is dinner',
  'cancel my booking',
  'can i speak to a human',
  'could you repeat that',
  'what can i say',
  'are you a robot',
  'thank you very much',
  'goodbye',
]

interface Line {
  readonly said: string
  readonly sound: Int16Array
  readonly understood: boolean
}

interface Fixture {
  readonly file: string
  readonly transcript: string
}

const folder = new URL('../fixtures/audio/', import.meta.url)
const fixtures = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8')) as Fixture[]
const outside = /weasels|sorry|last-call|long-turn|go-forward|clubs|quale/

const voice = makeVoice(await loadVoiceModule())
// The agent does not speak as kal16, the robot; callers may.
const synthetic: Line[] = ['rms', 'slt', 'awb', 'kal16'].flatMap((name) =>
  sentences.map((said) => ({
    said,
    sound: band(toTelephone(samplesOf(voice.say(said, name as VoiceName, 16_000)), 16_000)),
    understood: true,
  })),
)
const real: Line[] = fixtures.map(({ file, transcript }) => {
  const { sampleRate, channels } = readWav(readFileSync(new URL(file, folder)))
  return {
    said: transcript,
    sound: toTelephone(channels[0] ?? new Int16Array(), sampleRate),
    understood: !outside.test(file),
  }
})

function toTelephone(samples: Int16Array, rate: number): Int16Array {
  return makeResampler(rate, 8000).push(samples)
}

/** 300 to 3400 Hz, two poles on each side. */
function band(samples: Int16Array): Int16Array {
  const high = biquad(300, 'high')
  const low = biquad(3400, 'low')
  return samples.map((sample) => low(high(sample)))
}

/** A Butterworth filter of second order at 8 kHz (bilinear transform). */
function biquad(hz: number, pass: 'high' | 'low'): (sample: number) => number {
  const k = Math.tan((Math.PI * hz) / 8000)
  const norm = 1 / (1 + Math.SQRT2 * k + k * k)
  const [b0, b1] = pass === 'low' ? [k * k * norm, 2 * k * k * norm] : [norm, -2 * norm]
  const a1 = 2 * (k * k - 1) * norm
  const a2 = (1 - Math.SQRT2 * k + k * k) * norm
  let [x1, x2, y1, y2] = [0, 0, 0, 0]
  return (x) => {
    const y = b0 * x + b1 * x1 + b0 * x2 - a1 * y1 - a2 * y2
    ;[x1, x2, y1, y2] = [x, x1, y, y1]
    return y
  }
}

/** RMS 1, the same in every run. Pink: Kellet's three poles over white noise, whose RMS is 3. */
const PINK_RMS = 3
function makeNoise(colour: 'white' | 'pink'): () => number {
  let state = 7
  const white = () => {
    state = (state * 48_271) % 2_147_483_647
    return (state / 2_147_483_647 - 0.5) * Math.sqrt(12)
  }
  if (colour === 'white') return white
  let [a, b, c] = [0, 0, 0]
  return () => {
    const w = white()
    a = 0.99765 * a + 0.099046 * w
    b = 0.963 * b + 0.2965164 * w
    c = 0.57 * c + 1.0526913 * w
    return (a + b + c + 0.1848 * w) / PINK_RMS
  }
}

function otherThings(root: string): Line[] {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.wav') && !/(^|\/)(silence|letters|phonetic|digits)\//.test(file))
    .sort()
  const lines = files.map((file) => {
    const { sampleRate, channels } = readWav(readFileSync(join(root, file)))
    return { said: file, sound: toTelephone(channels[0] ?? new Int16Array(), sampleRate), understood: false }
  })
  return lines.filter(({ sound }) => sound.length > 7200 && sound.length < 48_000).filter((_, i) => i % 8 === 0)
}

/** Half a second of line before and after, noise so far below the speech, mu-law, and up to the recogniser's rate. */
function channel(speech: Int16Array, snrDb: number, noise: () => number): Int16Array {
  const rms = 32_768 * 10 ** ((levelDbfs(speech) - snrDb) / 20)
  const hiss = band(Int16Array.from({ length: speech.length + 8000 }, () => Math.round(1000 * noise())))
  const gain = rms / (32_768 * 10 ** (levelDbfs(hiss) / 20))
  const line = hiss.map((sample, i) =>
    Math.max(-32_768, Math.min(32_767, Math.round((speech[i - 4000] ?? 0) + gain * sample))),
  )
  return makeResampler(8000, 16_000).push(decodeMulaw(encodeMulaw(line)))
}

/** What the agent may have asked before. */
const contexts = [
  [],
  ['a table'],
  ['a table', 'for four'],
  ['a table', 'for four', 'friday'],
  ['for four on friday at seven'],
]
/** What the words do to the dialogue in each state: two sentences of one meaning do the same. */
function meaning(text: string): string {
  const replies = contexts.map((before) => {
    const dialogue = restaurant.start()
    for (const said of before) dialogue.hear({ text: said, rejected: false })
    return dialogue.hear({ text, rejected: text === '' })
  })
  return JSON.stringify(replies)
}

const recogniser = await loadRecogniser(restaurant.grammar)
const verbose = process.argv.includes('--verbose')
const [further] = process.argv.slice(2).filter((arg) => !arg.startsWith('--'))
const others = further === undefined ? [] : otherThings(further)
const conditions = [
  ['pink', 60],
  ['pink', 20],
  ['white', 20],
  ['pink', 10],
] as const
for (const [colour, snrDb] of conditions) {
  const noise = makeNoise(colour)
  let cpuMs = 0
  let soundMs = 0
  const right = async (line: Line) => {
    const heard = channel(line.sound, snrDb, noise)
    await recogniser.reset()
    const before = process.cpuUsage()
    recogniser.start()
    for (let at = 0; at < heard.length; at += 512) recogniser.push(heard.subarray(at, at + 512))
    const { text, rejected } = recogniser.finish()
    const spent = process.cpuUsage(before)
    cpuMs += (spent.user + spent.system) / 1000
    soundMs += heard.length / 16
    const isRight = line.understood ? meaning(text) === meaning(line.said) : rejected
    if (verbose && !isRight)
      process.stdout.write(`  ${colour} ${snrDb} dB: "${line.said}" -> ${rejected ? 'rejected' : `"${text}"`}\n`)
    return isRight
  }
  const count = async (lines: readonly Line[]) => {
    let ok = 0
    for (const line of lines) if (await right(line)) ok++
    return `${ok}/${lines.length}`
  }
  const row = [
    `${snrDb} dB SNR, ${colour}`,
    `synthetic ${await count(synthetic)}`,
    `real voice ${await count(real.filter(({ understood }) => understood))}`,
    `outside, rejected ${await count(real.filter(({ understood }) => !understood))}`,
    ...(others.length > 0 ? [`further, rejected ${await count(others)}`] : []),
    `CPU ${(cpuMs / soundMs).toFixed(3)} of real time`,
  ]
  process.stdout.write(`${row.join(' | ')}\n`)
}
recogniser[Symbol.dispose]()
