/*
 * Makes fixtures/audio/cases/*.wav: what callers say and what only sounds like it, for measuring the ear and the
 * barge-in (test/bench/conversation/cases.ts).
 *
 *   apt-get download asterisk-core-sounds-{en,es,fr,it,ru}-wav asterisk-moh-opsound-wav pocketsphinx-testdata \
 *     minetest-data hedgewars-data
 *   for package in *.deb; do dpkg -x "$package" unpacked; done
 *   node scripts/make-cases.ts unpacked                      (needs sox)
 *
 *   recording ─▶ sox: 8 kHz, 250..3400 Hz ─▶ piece ─▶ its silence cut ─▶ -20 dBFS while sounding ─▶ 300 ms quiet around it
 *
 * `name@from-to` is a piece of a recording [s]. manifest.json says of each file what is in it and where it sounds.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeWav } from '../src/audio/wav.ts'

const [unpacked] = process.argv.slice(2)
if (unpacked === undefined) throw new TypeError('expected the folder of unpacked Debian packages, got nothing')

const RATE = 8000
const FRAME = 80
const LEAD_MS = 300
/** RMS of what sounds, in every file. A case brings it to the level it wants. */
const LEVEL_DBFS = -20

type Kind = 'sentence' | 'word' | 'backchannel' | 'cough' | 'breath' | 'knock' | 'music' | 'click' | 'tone'

interface Source {
  readonly folder: string
  readonly speaker: string
  readonly source: string
  readonly licence: string
}

const sources = {
  en: asterisk('en_US_f_Allison', 'Allison Smith', 'asterisk-core-sounds-en-wav', 'CC-BY-SA-3.0'),
  es: asterisk('es_MX_f_Allison', 'Allison Smith', 'asterisk-core-sounds-es-wav', 'CC-BY-SA-3.0'),
  fr: asterisk('fr_CA_f_June', 'June Wallack', 'asterisk-core-sounds-fr-wav', 'CC-BY-SA-3.0'),
  it: asterisk('it_IT_m_Carlo', 'Carlo Flora', 'asterisk-core-sounds-it-wav', 'CC-BY-3.0'),
  ru: asterisk('ru_RU_f_IvrvoiceRU', 'IvrvoiceRU', 'asterisk-core-sounds-ru-wav', 'CC-BY-SA-3.0'),
  books: sphinx('usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-'),
  sphinx: sphinx('usr/share/pocketsphinx/test/data/'),
  moh: {
    folder: 'usr/share/asterisk/moh/',
    speaker: 'the musicians named in the file name',
    source: 'asterisk-moh-opsound-wav',
    licence: 'CC-BY-SA-3.0',
  },
  doors: minetest('doors'),
  blocks: minetest('default'),
  hogs: {
    folder: 'usr/share/games/hedgewars/Data/Sounds/voices/',
    speaker: 'the voices of Hedgewars',
    source: 'hedgewars-data',
    licence: 'GFDL-1.3',
  },
  made: { folder: '', speaker: 'arithmetic', source: 'this project', licence: 'as the program' },
} satisfies Record<string, Source>

function asterisk(voice: string, speaker: string, source: string, licence: string): Source {
  return { folder: `usr/share/asterisk/sounds/${voice}/`, speaker, source, licence }
}

function sphinx(folder: string): Source {
  return { folder, speaker: 'male', source: 'pocketsphinx-testdata', licence: 'BSD-2-Clause' }
}

function minetest(mod: string): Source {
  const folder = `usr/share/games/minetest/games/minetest_game/mods/${mod}/sounds/`
  return { folder, speaker: 'things', source: 'minetest-data', licence: 'CC-BY-SA-3.0' }
}

interface Material {
  readonly kind: Kind
  readonly split: 'tune' | 'test'
  readonly from: keyof typeof sources
  readonly name: string
  /** Longest [ms], from where it begins to sound; the end is faded. */
  readonly maxMs?: number
}

function all(
  kind: Kind,
  split: 'tune' | 'test',
  from: keyof typeof sources,
  names: string,
  maxMs?: number,
): Material[] {
  const limit = maxMs === undefined ? {} : { maxMs }
  return names.split(' ').map((name) => ({ kind, split, from, name, ...limit }))
}

/** What is tuned by and what is published share no recording, and of sentences no speaker. */
const materials: readonly Material[] = [
  ...all(
    'sentence',
    'tune',
    'en',
    'im-sorry dir-nomore check-number-dial-again one-moment-please vm-sorry is-in-use',
    2500,
  ),
  ...all('sentence', 'tune', 'es', 'vm-savefolder please-try-again conf-onlyperson', 2500),
  ...all('sentence', 'tune', 'it', 'vm-isunavail conf-onlyperson vm-repeat dir-nomore conf-locked', 2500),
  ...all(
    'sentence',
    'test',
    'fr',
    'vm-savefolder conf-onlyperson dir-nomore please-try-again im-sorry vm-isunavail',
    2500,
  ),
  ...all(
    'sentence',
    'test',
    'ru',
    'vm-savefolder conf-onlyperson dir-nomore please-try-again im-sorry is-in-use',
    2500,
  ),
  ...all('sentence', 'test', 'books', '0870.wav 0880.wav 0890.wav 0920.wav 0930.wav', 2500),
  ...all('sentence', 'test', 'sphinx', 'goforward.raw something.raw cards/001.wav cards/005.wav', 2500),
  ...all(
    'sentence',
    'test',
    'hogs',
    'British/Justyouwait.ogg Mobster/Youllregretthat.ogg Pirate/Leavemealone.ogg',
    2500,
  ),
  ...all('word', 'tune', 'en', 'vm-no sorry hello cancelled digits/7 goodbye'),
  ...all('word', 'tune', 'it', 'hello digits/7 digits/4 phonetic/9_p'),
  ...all('word', 'test', 'fr', 'hello goodbye digits/7 sorry'),
  ...all('word', 'test', 'ru', 'hello vm-no digits/7 goodbye'),
  ...all('word', 'test', 'hogs', 'British/Stupid.ogg Default/Excellent.ogg Surfer/Hello.ogg Mobster/Incoming.ogg'),
  ...all('backchannel', 'tune', 'en', 'letters/m@0.26-0.41'),
  ...all('backchannel', 'tune', 'it', 'letters/m@0.24-0.39'),
  ...all('backchannel', 'tune', 'hogs', 'Mobster/Hmm.ogg@0.1-0.25'),
  ...all('backchannel', 'test', 'fr', 'letters/m@0.35-0.5'),
  ...all('backchannel', 'test', 'hogs', 'Default/Hmm.ogg@0.08-0.23 British/Hmm.ogg@0.1-0.25 Surfer/Hmm.ogg@0.1-0.25'),
  ...all('cough', 'tune', 'hogs', 'Default_pl/PoisonCough.ogg HillBilly/PoisonCough.ogg'),
  ...all('cough', 'test', 'hogs', 'Default/PoisonCough.ogg Default_es/PoisonCough.ogg Default_ru/PoisonCough.ogg'),
  ...all('knock', 'tune', 'doors', 'doors_door_close.ogg doors_fencegate_close.ogg', 1500),
  ...all('knock', 'tune', 'blocks', 'default_place_node_hard.1.ogg default_wood_footstep.1.ogg', 1500),
  ...all('knock', 'test', 'doors', 'doors_steel_door_close.ogg doors_door_open.ogg', 1500),
  ...all('knock', 'test', 'blocks', 'default_chest_close.ogg default_dug_node.2.ogg default_wood_footstep.2.ogg', 1500),
  ...all('music', 'tune', 'moh', 'macroform-cold_day.wav@20-24.5 reno_project-system.wav@60-64.5'),
  ...all('music', 'test', 'moh', 'macroform-the_simplicity.wav@30-34.5 macroform-robot_dity.wav@40-44.5'),
  ...all('music', 'test', 'moh', 'manolo_camp-morning_coffee.wav@15-19.5'),
  ...all('tone', 'tune', 'en', 'beep'),
  ...all('tone', 'test', 'en', 'ascending-2tone'),
]

function read(from: Source, name: string): Int16Array {
  const [file = '', piece] = name.split('@')
  const path = join(unpacked ?? '', `${from.folder}${/\.(wav|raw|ogg)$/.test(file) ? file : `${file}.wav`}`)
  const raw = path.endsWith('.raw') ? ['-t', 'raw', '-r', '16000', '-e', 'signed-integer', '-b', '16', '-c', '1'] : []
  const [start = 0, end] = piece === undefined ? [] : piece.split('-').map(Number)
  const trim = end === undefined ? [] : ['trim', String(start), String(end - start)]
  const out = ['-t', 'raw', '-r', String(RATE), '-c', '1', '-b', '16', '-e', 'signed-integer', '-D', '-']
  const args = [...raw, path, ...out, 'gain', '-6', ...trim, 'sinc', '250-3400']
  const bytes = execFileSync('sox', ['-V1', ...args], { maxBuffer: 1e8 })
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~1)))
}

function powers(samples: Int16Array): number[] {
  return Array.from({ length: Math.floor(samples.length / FRAME) }, (_, f) => {
    let sum = 0
    for (const sample of samples.subarray(f * FRAME, (f + 1) * FRAME)) sum += sample * sample
    return sum / FRAME / 32_768 ** 2
  })
}

/** Mean power of the 10 ms frames that are within 25 dB of the loudest: the level while sounding. */
function activePower(power: readonly number[]): number {
  const loud = Math.max(...power) * 10 ** -2.5
  const active = power.filter((p) => p > loud)
  return active.reduce((sum, p) => sum + p, 0) / active.length
}

/** Frames [first, end) between which it sounds: two neighbouring frames within 20 dB of the level while sounding. */
function soundingFrames(power: readonly number[], active: number): [number, number] {
  const sounds = (f: number) => (power[f] ?? 0) > active / 100
  const first = power.findIndex((_, f) => sounds(f) && sounds(f + 1))
  const last = power.findLastIndex((_, f) => sounds(f) && sounds(f - 1))
  // A single click has no neighbour.
  return first < 0
    ? [power.findIndex((_, f) => sounds(f)), power.findLastIndex((_, f) => sounds(f)) + 1]
    : [first, last + 1]
}

interface Sound {
  readonly samples: Int16Array
  readonly soundAtMs: number
  readonly soundEndMs: number
}

/** At the common level, with quiet around it; sounds from `soundAtMs` to `soundEndMs`. */
function arrange(recorded: Int16Array, maxMs = Infinity): Sound {
  const power = powers(recorded)
  const active = activePower(power)
  const [first, end] = soundingFrames(power, active)
  // What is softer than audible stays: it is how words begin and end.
  const from = Math.max(0, first - 3) * FRAME
  const to = Math.min(recorded.length, (end + 6) * FRAME, from + (maxMs / 1000) * RATE)
  const piece = recorded.subarray(from, to)
  const peak = piece.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1)
  const gain = Math.min(10 ** (LEVEL_DBFS / 20) / Math.sqrt(active), 32_000 / peak)
  const lead = (LEAD_MS / 1000) * RATE
  const samples = new Int16Array(piece.length + 2 * lead)
  const fade = Math.min(FRAME, piece.length >> 2)
  piece.forEach((sample, i) => {
    samples[lead + i] = Math.round(sample * gain * Math.min(1, (i + 1) / fade, (piece.length - i) / fade))
  })
  const [soundFirst, soundEnd] = soundingFrames(powers(samples), activePower(powers(samples)))
  return { samples, soundAtMs: soundFirst * 10, soundEndMs: soundEnd * 10 }
}

/** The same numbers each time. */
function makeRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647 - 0.5
  }
}

/** Clicks on the line: single spikes, and bursts of 4 ms that die away. */
function clicks(seed: number, everyMs: number, burstMs: number): Int16Array {
  const random = makeRandom(seed)
  const samples = new Int16Array(RATE)
  const length = Math.max(1, (burstMs / 1000) * RATE)
  for (let at = 0; at < RATE; at += Math.round((everyMs / 1000) * RATE * (1 + random()))) {
    for (let i = 0; i < length && at + i < RATE; i++) {
      samples[at + i] = Math.round(random() * 40_000 * Math.exp((-3 * i) / length) + (i === 0 ? 12_000 : 0))
    }
  }
  return samples
}

function tones(ms: number, ...frequencies: number[]): Int16Array {
  return Int16Array.from({ length: (ms / 1000) * RATE }, (_, i) => {
    const sum = frequencies.reduce((s, hz) => s + Math.sin((2 * Math.PI * hz * i) / RATE), 0)
    return Math.round((8000 * sum) / frequencies.length)
  })
}

/** Air through a mouth: noise between 500 and 2500 Hz that swells and fades. */
function breath(seed: number, ms: number): Int16Array {
  const random = makeRandom(seed)
  const length = (ms / 1000) * RATE
  let low = 0
  let high = 0
  return Int16Array.from({ length }, (_, i) => {
    low += 0.75 * (random() - low)
    high += 0.3 * (low - high)
    return Math.round(20_000 * (low - high) * Math.sin((Math.PI * i) / length) ** 2)
  })
}

const made: readonly [kind: Kind, split: 'tune' | 'test', name: string, samples: Int16Array][] = [
  ['click', 'tune', 'spikes', clicks(3, 250, 0)],
  ['click', 'tune', 'bursts', clicks(5, 300, 4)],
  ['click', 'test', 'crackle', clicks(7, 60, 2)],
  ['click', 'test', 'single', clicks(11, 2000, 8)],
  ['tone', 'tune', 'dtmf-5', tones(200, 770, 1336)],
  ['tone', 'test', 'dtmf-9', tones(250, 852, 1477)],
  ['tone', 'test', 'busy', tones(500, 480, 620)],
  ['breath', 'tune', 'short', breath(13, 350)],
  ['breath', 'test', 'long', breath(17, 600)],
]

const folder = new URL('../fixtures/audio/cases/', import.meta.url).pathname
mkdirSync(folder, { recursive: true })
const manifest: object[] = []

function write(kind: Kind, split: 'tune' | 'test', from: keyof typeof sources, name: string, sound: Sound): void {
  const bare = name.replace(/@.*|\.(wav|raw|ogg)(@.*)?$/g, '')
  const file = `${kind}-${from}-${bare}.wav`.replace(/[/_.](?!wav$)/g, '-').toLowerCase()
  const { samples, ...at } = sound
  writeFileSync(join(folder, file), writeWav({ sampleRate: RATE, channels: [samples] }))
  const { speaker, source, licence } = sources[from]
  manifest.push({ file, kind, split, ...at, speaker, source, part: name, licence })
}

for (const { kind, split, from, name, maxMs } of materials) {
  write(kind, split, from, name, arrange(read(sources[from], name), maxMs))
}
for (const [kind, split, name, samples] of made) write(kind, split, 'made', name, arrange(samples))
writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
