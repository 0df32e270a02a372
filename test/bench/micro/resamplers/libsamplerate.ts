import libsamplerate from '@alexanderolsen/libsamplerate-js'
import { type Contender, toInt16 } from './contender.ts'

/** SRC_SINC_BEST_QUALITY and SRC_SINC_MEDIUM_QUALITY. */
const converters = { best: 0, medium: 1 } as const

function make(quality: keyof typeof converters): Contender {
  return {
    name: `libsamplerate WASM, ${quality}`,
    pieces: 'frames',
    async open(fromHz, toHz) {
      const converterType = converters[quality]
      const source = await libsamplerate.create(1, fromHz, toHz, { converterType })
      let floats = new Float32Array()
      return {
        push(samples) {
          if (floats.length !== samples.length) floats = new Float32Array(samples.length)
          for (let i = 0; i < samples.length; i++) floats[i] = (samples[i] ?? 0) / 32_768
          return toInt16(source.full(floats), 32_768)
        },
        reset() {
          // Setting the type makes a new state; the library has no other reset.
          source.converterType = converterType
        },
      }
    },
  }
}

export const libsamplerateMedium: Contender = make('medium')
export const libsamplerateBest: Contender = make('best')
