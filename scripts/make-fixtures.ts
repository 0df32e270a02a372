/*
 * Makes fixtures/audio/*.wav from real recorded speech in Debian packages, and generated/*.wav by arithmetic.
 *
 *   apt-get download asterisk-core-sounds-en-wav asterisk-core-sounds-it-wav pocketsphinx-testdata
 *   for package in *.deb; do dpkg -x "$package" unpacked; done
 *   node scripts/make-fixtures.ts unpacked
 *
 * Sentences are put together from single recorded words: their silence is cut, 0.12 s of faint noise goes between
 * them, because digital silence makes a recogniser hear words that are not there. `name@from-to` is a piece of a
 * recording [s].
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { samplesOf } from '../src/audio/pcm.ts'
import { makeResampler } from '../src/audio/resampler.ts'
import { tone } from '../src/audio/tone.ts'
import { readWav, writeWav } from '../src/audio/wav.ts'

const [unpacked] = process.argv.slice(2)
if (unpacked === undefined) throw new TypeError('expected the folder of unpacked Debian packages, got nothing')

const allison = 'usr/share/asterisk/sounds/en_US_f_Allison'
const carlo = 'usr/share/asterisk/sounds/it_IT_m_Carlo'
const sphinx = 'usr/share/pocketsphinx/test/data'

interface Fixture {
  readonly file: string
  readonly transcript: string
  readonly language: string
  readonly speaker: string
  readonly source: string
  readonly licence: string
  readonly parts: readonly string[]
}

function asterisk(file: string, transcript: string, ...parts: string[]): Fixture {
  return {
    file,
    transcript,
    language: 'en-US',
    speaker: 'Allison Smith',
    source: 'asterisk-core-sounds-en-wav',
    licence: 'CC-BY-SA-3.0',
    parts: parts.map((part) => `${allison}/${part}`),
  }
}

function pocketsphinx(file: string, transcript: string, part: string): Fixture {
  const source = 'pocketsphinx-testdata'
  return {
    file,
    transcript,
    language: 'en-US',
    speaker: 'male',
    source,
    licence: 'BSD-2-Clause',
    parts: [`${sphinx}/${part}`],
  }
}

const fixtures: readonly Fixture[] = [
  // What the embedded agent's domain understands.
  asterisk('hello', 'hello', 'hello'),
  asterisk('hello-hours', 'hello hours', 'hello', 'hours'),
  asterisk('location', 'location', 'location'),
  asterisk(
    'for-two-friday-at-eight-thirty',
    'for two friday at eight thirty',
    'for',
    'digits/2',
    'digits/day-5',
    'digits/at',
    'digits/8',
    'digits/30',
  ),
  asterisk(
    'for-six-saturday-at-seven-thirty-pm',
    'for six saturday at seven thirty p m',
    'for',
    'digits/6',
    'digits/day-6',
    'digits/at',
    'digits/7',
    'digits/30',
    'digits/p-m',
  ),
  asterisk('tomorrow', 'tomorrow', 'digits/tomorrow'),
  asterisk('at-seven-oclock-pm', "at seven o'clock p m", 'digits/at', 'digits/7', 'digits/oclock', 'digits/p-m'),
  asterisk('no', 'no', 'vm-no'),
  asterisk('please-try-again', 'please try again', 'please-try-again'),
  asterisk('cancelled', 'cancelled', 'cancelled'),
  asterisk('thank-you-goodbye', 'thank you goodbye', 'auth-thankyou', 'vm-goodbye'),
  asterisk(
    'a-party-for-four-tomorrow-at-seven-pm',
    'a party for four tomorrow at seven p m',
    'priv-introsaved@3.49-4.1',
    'for',
    'digits/4',
    'digits/tomorrow',
    'digits/at',
    'digits/7',
    'digits/p-m',
  ),
  asterisk('three-people', 'three people', 'digits/3', 'conf-roll-callcomplete@1.22-1.56'),
  asterisk('friday', 'friday', 'digits/day-5'),
  asterisk('seven-thirty', 'seven thirty', 'digits/7', 'digits/30'),
  asterisk('this-is-correct', 'this is correct', 'if-correct-press@0.23-1.21'),
  asterisk('no-thursday', 'no thursday', 'vm-no', 'digits/day-4'),
  asterisk('no-thank-you', 'no thank you', 'vm-no', 'auth-thankyou'),
  asterisk('an-operator', 'an operator', 'vm-reachoper@1.17-2.05'),
  asterisk('help', 'help', 'vm-helpexit@1.03-1.48'),
  pocketsphinx('four', 'four', 'cards/002.wav@0-0.61'),
  pocketsphinx('seven', 'seven', 'cards/003.wav@0-0.55'),
  // What it does not.
  asterisk('weasels', 'Weasels have eaten our phone system.', 'tt-weasels'),
  asterisk('sorry-having-problems', "Sorry you're having problems.", 'sorry-youre-having-problems'),
  asterisk('last-call', 'Information about your last call.', 'info-about-last-call'),
  asterisk(
    'long-turn',
    'Asterisk is an Open Source full-featured PBX and IVR platform that runs on the linux operating system. For more information, visit www.asterisk.org.',
    'demo-moreinfo',
  ),
  pocketsphinx('go-forward-ten-meters', 'go forward ten meters', 'goforward.raw'),
  pocketsphinx('seven-of-clubs', 'seven of clubs', 'cards/003.wav'),
  {
    file: 'in-quale-cartella',
    transcript: 'In quale cartella devo salvare il messaggio?',
    language: 'it-IT',
    speaker: 'Carlo Flora',
    source: 'asterisk-core-sounds-it-wav',
    licence: 'CC-BY-3.0',
    parts: [`${carlo}/vm-savefolder.wav`],
  },
]

const RATE = 8000

function read(part: string): Int16Array {
  const [name = '', piece] = part.split('@')
  const path = /\.(wav|raw)$/.test(name) ? name : `${name}.wav`
  const bytes = readFileSync(join(unpacked ?? '', path))
  const { sampleRate, channels } = path.endsWith('.raw')
    ? { sampleRate: 16_000, channels: [samplesOf(bytes)] }
    : readWav(bytes)
  const samples = makeResampler(sampleRate, RATE).push(channels[0] ?? new Int16Array())
  const [from, to] = piece === undefined ? [] : piece.split('-').map((seconds) => Number(seconds) * RATE)
  return samples.subarray(from, to)
}

/** The same numbers each time: a fixture that is made again is the same file. */
function makeNoise(): (ms: number) => Int16Array {
  let state = 1
  const next = () => {
    state = (state * 48_271) % 2_147_483_647
    return Math.round((state / 2_147_483_647 - 0.5) * 16)
  }
  return (ms) => Int16Array.from({ length: (ms * RATE) / 1000 }, next)
}

/** Without the silence at both ends, but for 20 ms before and 40 ms after. */
function trim(samples: Int16Array): Int16Array {
  const loud = (sample: number) => Math.abs(sample) > 300
  const first = Math.max(0, samples.findIndex(loud) - 160)
  const last = Math.min(samples.length, samples.findLastIndex(loud) + 320)
  return samples.subarray(first, last)
}

function join16(parts: readonly Int16Array[]): Int16Array {
  const joined = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0))
  parts.reduce((at, part) => {
    joined.set(part, at)
    return at + part.length
  }, 0)
  return joined
}

/** Phase-continuous, so that every frequency is there for the same time. */
function sweep(fromHz: number, toHz: number, ms: number): Int16Array {
  const length = (ms * RATE) / 1000
  return Int16Array.from({ length }, (_, i) => {
    const t = i / RATE
    const phase = 2 * Math.PI * (fromHz * t + ((toHz - fromHz) * t * t) / (2 * (ms / 1000)))
    return Math.round(8192 * Math.sin(phase))
  })
}

const folder = new URL('../fixtures/audio/', import.meta.url).pathname
const write = (name: string, samples: Int16Array) =>
  writeFileSync(join(folder, name), writeWav({ sampleRate: RATE, channels: [samples] }))

for (const { file, parts } of fixtures) {
  const noise = makeNoise()
  const words = parts.flatMap((part) => [trim(read(part)), noise(120)])
  write(`${file}.wav`, join16([noise(200), ...words, noise(200)]))
}
mkdirSync(join(folder, 'generated'), { recursive: true })
write('generated/tone-1000.wav', tone(1000, 1000, RATE))
write('generated/sweep-100-3900.wav', sweep(100, 3900, 2000))

const manifest = fixtures.map(({ parts, ...fixture }) => ({
  ...fixture,
  file: `${fixture.file}.wav`,
  parts: parts.length,
}))
writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
