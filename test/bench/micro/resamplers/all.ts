import type { Contender } from './contender.ts'
import { libsamplerateBest, libsamplerateMedium } from './libsamplerate.ts'
import { naive } from './naive.ts'
import { ours } from './ours.ts'
import { hasSox, sox } from './sox.ts'
import { speexQ3, speexQ5, speexQ7 } from './speex.ts'
import { waveResamplerPerFrame, waveResamplerWhole } from './wave-resampler.ts'

/** Ours first; sox, the reference, only where the machine has it. */
export const contenders: readonly Contender[] = [
  ours,
  waveResamplerPerFrame,
  waveResamplerWhole,
  naive,
  speexQ3,
  speexQ5,
  speexQ7,
  libsamplerateMedium,
  libsamplerateBest,
  ...(hasSox ? [sox] : []),
]
