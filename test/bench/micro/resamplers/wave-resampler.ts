import waveResampler from 'wave-resampler'
import { type Contender, toInt16 } from './contender.ts'

const open: Contender['open'] = async (fromHz, toHz) => ({
  push: (samples) => toInt16(waveResampler.resample(samples, fromHz, toHz, { method: 'sinc', LPF: true }), 1),
  reset() {},
})

/** As bridges use it: a call a frame. It keeps no state, so every frame begins from silence. */
export const waveResamplerPerFrame: Contender = { name: 'wave-resampler, per frame', pieces: 'frames', open }

/** As it was meant. */
export const waveResamplerWhole: Contender = { name: 'wave-resampler, whole file', pieces: 'whole', open }
