import { execFileSync, spawnSync } from 'node:child_process'
import { encodeAlaw, encodeMulaw } from '../../../src/audio/g711.ts'
import { bytesOfSamples } from '../../../src/audio/pcm.ts'
import {
  alawTable,
  everySample,
  type Law,
  mulawTable,
  referenceCode,
  referenceValues,
} from '../../audio/g711-tables.ts'
import { decimals, type Table } from './table.ts'

type Encode = (law: Law) => Uint8Array

const ours: Encode = (law) => (law.name === 'mulaw' ? encodeMulaw(everySample) : encodeAlaw(everySample))
const g191: Encode = (law) => Uint8Array.from(everySample, (sample) => referenceCode(law, sample, 'g191'))

function piped(command: string, args: readonly string[]): Uint8Array {
  return execFileSync(command, args, { input: bytesOfSamples(everySample), maxBuffer: 2 ** 20 })
}

const pcm = ['-t', 'raw', '-r', '8000', '-e', 'signed', '-b', '16', '-c', '1', '-L', '-']
const sox: Encode = ({ name }) =>
  piped('sox', ['-V1', '-D', ...pcm, '-t', 'raw', '-e', name === 'mulaw' ? 'u-law' : 'a-law', '-b', '8', '-'])
const ffmpeg: Encode = ({ name }) =>
  piped('ffmpeg', ['-v', 'error', '-f', 's16le', '-ar', '8000', '-ac', '1', '-i', '-', '-f', name, '-'])

const has = (command: string, versionFlag: string) => spawnSync(command, [versionFlag]).status === 0

/** Codes that differ from G.191's, and the mean error [16 bit steps], over all samples that have a mirror image. */
function cells(law: Law, encode: Encode): [differing: string, bias: string] {
  const [codes, reference, values] = [encode(law), g191(law), referenceValues(law)]
  let [differing, error] = [0, 0]
  everySample.forEach((sample, i) => {
    if (codes[i] !== reference[i]) differing++
    if (i > 0) error += (values[codes[i] ?? 0] ?? 0) - sample
  })
  return [`${differing}`, decimals(error / 65_535, 2)]
}

/** Over all 65,536 samples; what is not on this machine is left out, and said. */
export function measureG711(): Table {
  const coders: [name: string, there: boolean, encode: Encode][] = [
    ['ours, filled from alawmulaw', true, ours],
    ['G.191', true, g191],
    ['sox', has('sox', '--version'), sox],
    ['ffmpeg', has('ffmpeg', '-version'), ffmpeg],
  ]
  return {
    title: 'G.711 coders over all 65,536 samples, against G.191',
    head: ['coder', 'mu-law: codes that differ', 'mean error', 'A-law: codes that differ', 'mean error'],
    rows: coders.map(([name, there, encode]) =>
      there ? [name, ...cells(mulawTable, encode), ...cells(alawTable, encode)] : [`${name}: not on this machine`],
    ),
  }
}
