import { makeResampler } from '../../../../src/audio/resampler.ts'
import type { Contender } from './contender.ts'

export const ours: Contender = {
  name: 'ours',
  pieces: 'frames',
  open: async (fromHz, toHz) => makeResampler(fromHz, toHz),
}
