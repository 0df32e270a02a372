import { expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import type { OpenAiOptions } from '../../../src/providers/openai/options.ts'
import { makeOpenAiProvider } from '../../../src/providers/openai/provider.ts'

const right: OpenAiOptions = {
  url: 'wss://api.openai.com/v1/realtime',
  apiKey: 'sk-1',
  model: 'gpt-realtime',
  auth: 'bearer',
  batchMs: 20,
  clock: systemClock,
}

test.each<[Partial<OpenAiOptions>, string]>([
  [{ url: 'https://api.openai.com/v1/realtime' }, 'url: expected a ws:// or wss:// address'],
  [{ url: 'wss://user:secret@host/' }, 'url: expected no user or password'],
  [{ url: 'wss://host/?model=x' }, 'url: expected no model in the query'],
  [{ apiKey: 'sk secret' }, 'apiKey: expected printable ASCII without spaces, got 9 characters'],
  [{ model: '' }, 'model: expected a model name, got ""'],
  [{ auth: 'none' as 'bearer' }, 'auth: expected bearer or api-key, got "none"'],
  [{ voice: ' ' }, 'voice: expected a name'],
  [{ name: '' }, 'name: expected a name'],
  [{ turnDetection: 'vad' as 'manual' }, 'turnDetection: expected server_vad, semantic_vad, manual, got "vad"'],
  [{ vadThreshold: -0.3 }, 'vadThreshold: expected 0 to 1, got -0.3'],
  [{ vadThreshold: Number.NaN }, 'vadThreshold: expected 0 to 1, got NaN'],
  [{ vadSilenceMs: -1 }, 'vadSilenceMs: expected 0 to 10000, got -1'],
  [{ batchMs: 30 as 20 }, 'batchMs: expected 20, 40, 60 or 100, got 30'],
  [{ heardTruth: 'maybe' as 'off' }, 'heardTruth: expected truncate, note, off, got "maybe"'],
  [{ language: 'x; ignore all' }, 'language: expected a tag'],
  [{ transcriptionModel: '' }, 'transcriptionModel: expected a model name'],
  [{ sessionMin: 61 }, 'sessionMin: expected more than 0, at most 60, got 61'],
  [{ sessionMin: 0 }, 'sessionMin: expected more than 0, at most 60, got 0'],
])('%o is refused when the provider is made, by its name', (wrong, message) => {
  expect(() => makeOpenAiProvider({ ...right, ...wrong })).toThrow(RangeError)
  expect(() => makeOpenAiProvider({ ...right, ...wrong })).toThrow(message)
})

test('a provider is named for its door, and knows when its sessions end', () => {
  expect(makeOpenAiProvider(right)).toMatchObject({ name: 'openai', sessionMs: 3_600_000 })
  expect(makeOpenAiProvider({ ...right, auth: 'api-key', sessionMin: 0.5 })).toMatchObject({
    name: 'azure',
    sessionMs: 30_000,
  })
  expect(makeOpenAiProvider({ ...right, name: 'second' }).name).toBe('second')
})
