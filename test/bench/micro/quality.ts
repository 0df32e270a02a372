import { readFileSync } from 'node:fs'
import { readWav } from '../../../src/audio/wav.ts'
import {
  aliasDb,
  type Conversion,
  delayMs,
  gainDb,
  images,
  inPieces,
  passband,
  sinadDb,
  TELEPHONE_TOP_HZ,
} from '../../audio/measure.ts'
import { type Band, segmentalSnrDb } from '../../audio/speech.ts'
import { contenders } from './resamplers/all.ts'
import type { Contender } from './resamplers/contender.ts'
import { hasSox } from './resamplers/sox.ts'
import { decimals, type Table } from './table.ts'

/** What a contender makes of a whole signal, fed as it wants to be fed. */
async function conversionOf(contender: Contender, fromHz: number, toHz: number): Promise<Conversion> {
  const resampling = await contender.open(fromHz, toHz)
  return {
    fromHz,
    toHz,
    convert(samples) {
      resampling.reset()
      const size = contender.pieces === 'frames' ? fromHz / 50 : samples.length
      return inPieces(samples, size, (piece) => resampling.push(piece))
    },
  }
}

const sinads = (way: Conversion) => [300, 1000, 3000].map((hz) => decimals(sinadDb(way, hz), 0)).join(' / ')
const delay = (contender: Contender, way: Conversion) =>
  contender.pieces === 'whole' ? 'all of it' : decimals(delayMs(way), 2)
const ripple = (way: Conversion) => {
  const { lowestDb, highestDb } = passband(way)
  return `${decimals(lowestDb, 2)} … ${decimals(highestDb, 2)}`
}

async function uplinkRow(contender: Contender): Promise<string[]> {
  const way = await conversionOf(contender, 8000, 16_000)
  const { lineDb, totalDb } = images(way)
  const gain = decimals(gainDb(way, TELEPHONE_TOP_HZ), 2)
  return [contender.name, ripple(way), gain, decimals(lineDb), decimals(totalDb), sinads(way), delay(contender, way)]
}

async function downlinkRow(contender: Contender): Promise<string[]> {
  const way = await conversionOf(contender, 24_000, 8000)
  const gain = decimals(gainDb(way, TELEPHONE_TOP_HZ), 2)
  // A process a tone, with sox: 800 of them would take a minute.
  const stepHz = contender.untimed ? 200 : 10
  const aliases = [decimals(aliasDb(way, 4000, 4600, stepHz)), decimals(aliasDb(way, 4600, 12_000, stepHz))]
  return [contender.name, ripple(way), gain, ...aliases, sinads(way), delay(contender, way)]
}

const folder = new URL('../../../fixtures/audio/', import.meta.url)

function read(path: string): Int16Array {
  return readWav(readFileSync(new URL(path, folder))).channels[0] ?? new Int16Array()
}

interface Speech {
  readonly source: string
  readonly reference: string
  readonly fromHz: number
  readonly toHz: number
  /** Where each filter has its own slope. */
  readonly transition: Band
}

const [up, down] = [
  { fromHz: 8000, toHz: 16_000, transition: [TELEPHONE_TOP_HZ, 8000 - TELEPHONE_TOP_HZ] },
  { fromHz: 24_000, toHz: 8000, transition: [TELEPHONE_TOP_HZ, 4000] },
] as const
const speech: readonly Speech[] = [
  { ...up, source: 'this-is-correct.wav', reference: 'reference/this-is-correct-16k.wav' },
  { ...up, source: 'in-quale-cartella.wav', reference: 'reference/in-quale-cartella-16k.wav' },
  { ...down, source: 'reference/seven-of-clubs-24k.wav', reference: 'reference/seven-of-clubs-8k.wav' },
  { ...down, source: 'reference/six-fresh-fish-24k.wav', reference: 'reference/six-fresh-fish-8k.wav' },
]

async function speechRow(contender: Contender): Promise<string[]> {
  const row = [contender.name]
  for (const { source, reference, fromHz, toHz, transition } of speech) {
    const heard = (await conversionOf(contender, fromHz, toHz)).convert(read(source))
    const wanted = read(reference)
    const all = decimals(segmentalSnrDb(wanted, heard, toHz))
    row.push(`${all} / ${decimals(segmentalSnrDb(wanted, heard, toHz, transition))}`)
  }
  return row
}

async function rowsOf(row: (contender: Contender) => Promise<string[]>): Promise<string[][]> {
  const rows: string[][] = []
  for (const contender of contenders) rows.push(await row(contender))
  if (!hasSox) rows.push(['sox rate -v: this machine has no sox', '', '', '', '', '', ''])
  return rows
}

const shared = ['resampler', 'gain 0-3400 Hz [dB]', 'at 3400 [dB]']
const ends = ['SINAD at 300 / 1000 / 3000 Hz [dB]', 'delay [ms]']

/** Exact figures, the same in every run: tones both ways, and speech against the committed sox references. */
export async function measureQuality(): Promise<Table[]> {
  return [
    {
      title: 'Sound, up: 8 to 16 kHz, before coding',
      head: [...shared, 'worst image [dB]', 'all above 4 kHz [dB]', ...ends],
      rows: await rowsOf(uplinkRow),
    },
    {
      title: 'Sound, down: 24 to 8 kHz, before coding',
      head: [...shared, 'worst alias of 4.0-4.6 kHz [dB]', 'of 4.6-12 kHz [dB]', ...ends],
      rows: await rowsOf(downlinkRow),
    },
    {
      title: 'Speech: segmental SNR against sox [dB], all / without the transition band',
      head: ['resampler', 'up, English woman', 'up, Italian man', 'down, English man', 'down, synthetic sibilants'],
      rows: await rowsOf(speechRow),
    },
  ]
}
