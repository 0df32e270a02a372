import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import type { Logger } from '../../../src/base/log.ts'
import type { QwenOptions } from '../../../src/providers/qwen/options.ts'
import { familyOf } from '../../../src/providers/qwen/profiles.ts'
import { makeQwenProvider } from '../../../src/providers/qwen/provider.ts'

const right: QwenOptions = {
  url: 'wss://dashscope.aliyuncs.com/api-ws/v1/realtime',
  apiKey: 'sk-secret',
  model: 'qwen3.5-omni-plus-realtime',
  batchMs: 20,
  clock: systemClock,
}

/** As a plain program would: the types do not protect it. */
const make = (wrong: Record<string, unknown>) => makeQwenProvider({ ...right, ...wrong } as QwenOptions)

describe('a wrong option is refused by name, with what was expected and what came', () => {
  test.each([
    [{ url: 'https://dashscope.aliyuncs.com' }, /^url: expected a ws:\/\/ or wss:\/\/ address, got "https:/],
    [{ url: 'nonsense' }, /^url: expected .* got "nonsense"/],
    [{ url: 'wss://user:pass@host/x' }, /^url: expected no user or password, got one$/],
    [{ url: 'wss://host/x?model=other' }, /^url: expected no model in the query/],
    [{ url: 'wss://host/x#y' }, /^url: expected no #fragment/],
    [{ apiKey: '' }, /^apiKey: expected printable ASCII without spaces, got 0 characters$/],
    [{ apiKey: 'sk-secret\n' }, /^apiKey: .* got 10 characters$/],
    [{ model: '' }, /^model: expected a model name, got ""$/],
    [{ model: 'a b' }, /^model: expected/],
    [{ family: 'qwen9' }, /^family: expected turbo, qwen3, .* got "qwen9"$/],
    [{ voice: ' ' }, /^voice: expected a name, got " "$/],
    [{ name: '' }, /^name: expected/],
    [{ batchMs: 30 }, /^batchMs: expected 20, 40, 60 or 100, got 30$/],
    [{ vadThreshold: 1.1 }, /^vadThreshold: expected -1 to 1, got 1.1$/],
    [{ vadThreshold: Number.NaN }, /^vadThreshold: .* got NaN$/],
    [{ vadSilenceMs: 100 }, /^vadSilenceMs: expected 200 to 6000, got 100$/],
    [{ heardTruth: 'guess' }, /^heardTruth: expected truncate, note, off, got "guess"$/],
    [
      { turnDetection: 'smart_turn' },
      /^turnDetection: expected server_vad or semantic_vad or manual for .* got "smart_turn"$/,
    ],
    [
      { model: 'qwen3-omni-flash-realtime', turnDetection: 'semantic_vad' },
      /^turnDetection: expected server_vad or manual for qwen3/,
    ],
    [{ language: 'English\nIgnore' }, /^language: expected a tag/],
    [{ model: 'qwen-omni-turbo-realtime', search: true }, /^search: expected false for qwen-omni-turbo/],
    [{ model: 'qwen3.8-omni-flash-realtime', narrowband: true }, /^narrowband: expected false/],
    [{ sampling: { temperature: 2 } }, /^sampling.temperature: expected 0 up to but not 2, got 2$/],
    [{ sampling: { topP: 0 } }, /^sampling.topP: expected more than 0, at most 1, got 0$/],
    [{ sampling: { topK: -1 } }, /^sampling.topK/],
    [{ sampling: { maxTokens: 0 } }, /^sampling.maxTokens/],
    [{ sampling: { repetitionPenalty: 0 } }, /^sampling.repetitionPenalty/],
    [{ sampling: { presencePenalty: 3 } }, /^sampling.presencePenalty: expected -2 to 2, got 3$/],
    [{ sampling: { seed: 2 ** 31 } }, /^sampling.seed/],
    [
      { model: 'qwen-omni-turbo-realtime', sampling: { temperature: 1 } },
      /^sampling: expected nothing for qwen-omni-turbo/,
    ],
  ])('%j', (wrong, message) => {
    expect(() => make(wrong)).toThrow(RangeError)
    expect(() => make(wrong)).toThrow(message)
    try {
      make(wrong)
    } catch (error) {
      expect(String(error)).not.toMatch(/secret|pass@/)
    }
  })
})

test('the edges of every range are right', () => {
  const sampling = { temperature: 0, topP: 1, topK: 0, maxTokens: 1, presencePenalty: -2, seed: -1 }
  expect(make({ vadThreshold: -1, vadSilenceMs: 6000, batchMs: 100, language: 'de-CH', sampling }).name).toBe('qwen')
  expect(make({ vadThreshold: 1, vadSilenceMs: 200, turnDetection: 'semantic_vad', name: 'spare' }).name).toBe('spare')
})

test('the name of a model tells its family, snapshots and all', () => {
  expect(
    [
      'qwen-omni-turbo-realtime-2025-05-08',
      'qwen3-omni-flash-realtime-2025-12-01',
      'qwen3.5-omni-plus-realtime-2026-03-15',
      'qwen3.5-omni-flash-realtime',
      'qwen3.8-omni-flash-realtime',
      'embedded-demo',
    ].map(familyOf),
  ).toEqual(['turbo', 'qwen3', 'qwen3.5-plus', 'qwen3.5-flash', 'qwen3.8', undefined])
})

test('a model or a voice that is not known is tried, with a warning', () => {
  const warnings: string[] = []
  const log = { warn: (_: unknown, message: string) => warnings.push(message) } as unknown as Logger
  make({ log, model: 'qwen4-omni-realtime' })
  make({ log, voice: 'Cherry' })
  make({ log, voice: 'Tina' })
  make({ log, model: 'embedded-demo', family: 'qwen3.5-flash' })
  expect(warnings).toEqual([expect.stringContaining('unknown model'), expect.stringContaining('voice not known')])
})

test('a provider knows when its sessions end: as it is told, but never later than its family', () => {
  const sessionMs = (model: string, sessionMin?: number) =>
    makeQwenProvider({
      ...({ url: 'wss://host/api', apiKey: 'sk-1', model, batchMs: 20, clock: systemClock } as const),
      ...(sessionMin === undefined ? {} : { sessionMin }),
    }).sessionMs
  expect(sessionMs('qwen3.5-omni-plus-realtime')).toBe(7_200_000)
  expect(sessionMs('qwen3.5-omni-plus-realtime', 30)).toBe(1_800_000)
  expect(sessionMs('qwen-omni-turbo-realtime', 120)).toBe(1_800_000)
  expect(() => sessionMs('qwen3.5-omni-plus-realtime', 121)).toThrow('sessionMin: expected more than 0, at most 120')
})
