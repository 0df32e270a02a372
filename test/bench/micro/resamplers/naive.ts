import type { Contender } from './contender.ts'

/** Every third sample on the way down, every sample twice on the way up: what a bridge without a filter does. */
export const naive: Contender = {
  name: 'every third / every one twice',
  pieces: 'frames',
  open: async (fromHz, toHz) => ({
    push(samples) {
      const output = new Int16Array((samples.length * toHz) / fromHz)
      for (let i = 0; i < output.length; i++) output[i] = samples[Math.floor((i * fromHz) / toHz)] ?? 0
      return output
    },
    reset() {},
  }),
}
