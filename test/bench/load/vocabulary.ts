import type { Dialect } from './messages.ts'
import type { Vocabulary } from './recogniser.ts'

/** 8 kHz mu-law. */
const CARRIER_BYTES_PER_MS = 8
/** What the model hears: PCM16 at 16 kHz, or the carrier's own mu-law. */
const HEARD_BYTES_PER_MS: Readonly<Record<Dialect, number>> = { qwen: 32, openai: 8 }
/** What it speaks: PCM16 at 24 kHz, or mu-law. */
export const SPOKEN_BYTES_PER_MS: Readonly<Record<Dialect, number>> = { qwen: 48, openai: 8 }
/** What its pieces of sound are called. */
const deltaType: Readonly<Record<Dialect, string>> = {
  qwen: 'response.audio.delta',
  openai: 'response.output_audio.delta',
}

const media: [string, Vocabulary] = ['"event":"media"', { field: 'payload', bytesPerMs: CARRIER_BYTES_PER_MS }]

/** Sound that reaches the carrier: media, or the model's deltas when a relay copies them. */
export function carrierHears(dialect: Dialect): ReadonlyMap<string, Vocabulary> {
  return new Map([
    media,
    [`"type":"${deltaType[dialect]}"`, { field: 'delta', bytesPerMs: SPOKEN_BYTES_PER_MS[dialect] }],
  ])
}

/** Sound that reaches the model: appends, or the carrier's media when a relay copies them. */
export function modelHears(dialect: Dialect): ReadonlyMap<string, Vocabulary> {
  const append: Vocabulary = { field: 'audio', bytesPerMs: HEARD_BYTES_PER_MS[dialect] }
  return new Map([['"type":"input_audio_buffer.append"', append], media])
}
