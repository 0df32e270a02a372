import { execFileSync, spawnSync } from 'node:child_process'
import { bytesOfSamples, samplesOf } from '../../../../src/audio/pcm.ts'
import type { Contender } from './contender.ts'

/** Whether this machine has sox: it is no package of npm. */
export const hasSox: boolean = spawnSync('sox', ['--version']).status === 0

const raw = (sampleRate: number) => ['-t', 'raw', '-r', `${sampleRate}`, '-e', 'signed', '-b', '16', '-c', '1', '-L']

/** The reference: sox's best, whole files, no dither. */
export const sox: Contender = {
  name: 'sox rate -v, whole file',
  pieces: 'whole',
  untimed: true,
  open: async (fromHz, toHz) => ({
    push(samples) {
      const args = ['-V1', '-D', ...raw(fromHz), '-', ...raw(toHz), '-', 'rate', '-v']
      return samplesOf(execFileSync('sox', args, { input: bytesOfSamples(samples), maxBuffer: 2 ** 26 }))
    },
    reset() {},
  }),
}
