import load from '@echogarden/speex-resampler-wasm/simd'
import type { Contender } from './contender.ts'

/** The longest push, in samples of either side. */
const ROOM = 24_000

function make(quality: 3 | 5 | 7): Contender {
  return {
    name: `speex WASM SIMD, q${quality}`,
    pieces: 'frames',
    async open(fromHz, toHz) {
      const speex = await load()
      const [input, output, lengths] = [speex._malloc(2 * ROOM), speex._malloc(2 * ROOM), speex._malloc(8)]
      const state = speex._speex_resampler_init(1, fromHz, toHz, quality, lengths)
      return {
        push(samples) {
          if (samples.length > ROOM) throw new RangeError(`expected at most ${ROOM} samples, got ${samples.length}`)
          speex.HEAP16.set(samples, input >> 1)
          speex.HEAP32[lengths >> 2] = samples.length
          speex.HEAP32[(lengths >> 2) + 1] = ROOM
          speex._speex_resampler_process_int(state, 0, input, lengths, output, lengths + 4)
          if (speex.HEAP32[lengths >> 2] !== samples.length) throw new RangeError('speex left input over')
          return speex.HEAP16.slice(output >> 1, (output >> 1) + (speex.HEAP32[(lengths >> 2) + 1] ?? 0))
        },
        reset: () => void speex._speex_resampler_reset_mem(state),
      }
    },
  }
}

export const speexQ3: Contender = make(3)
export const speexQ5: Contender = make(5)
export const speexQ7: Contender = make(7)
