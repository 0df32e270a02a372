import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KeptEvent } from '../../src/call/archive.ts'
import type { CallEvent } from '../../src/call/events.ts'
import { summaryOf, type Tally, tallied } from '../../src/store/tally.ts'
import { answered, ended, NOON, saidBy } from './told.ts'

const fold = (kept: readonly KeptEvent[]) => kept.reduce<Tally | undefined>(tallied, undefined)

const usage = { inputTokens: 1, outputTokens: 2, inputAudioTokens: 3, outputAudioTokens: 4 }
const anyEvent = fc.constantFrom<CallEvent>(
  { atMs: 0, type: 'caller-speech-stopped' },
  { atMs: 0, type: 'response-ended', responseId: 'r', status: 'completed', usage },
  { atMs: 0, type: 'provider-restored', provider: 'second' },
  { atMs: 0, type: 'agent-audible', responseId: 'r', latencyMs: 700 },
  { atMs: 0, type: 'barge-in', by: 'local', heardMs: 0, unheardMs: 0 },
  saidBy('caller', 0, 'Hello?'),
  ended,
)

/** What one process tells of one stream. */
const streamFrom = (stream: number) =>
  fc
    .array(anyEvent, { maxLength: 20 })
    .map((events): readonly KeptEvent[] =>
      [answered, ...events].map((event, i) => ({ stream, at: stream + i * 10, event })),
    )

describe('what a call comes to', () => {
  it('is the same in whatever order two processes’ words of it arrive, and wherever it is put away between', () => {
    const two = fc.tuple(streamFrom(NOON), streamFrom(NOON + 55), fc.array(fc.boolean(), { maxLength: 50 }))
    fc.assert(
      fc.property(two, ([first, second, firstNext]) => {
        const mixed: KeptEvent[] = []
        const left: [KeptEvent[], KeptEvent[]] = [[...first], [...second]]
        for (const isFirst of firstNext) mixed.push(...left[isFirst ? 0 : 1].splice(0, 1))
        mixed.push(...left[1], ...left[0])
        const putAway = mixed.reduce<Tally | undefined>(
          (tally, kept) => JSON.parse(JSON.stringify(tallied(tally, kept))) as Tally,
          undefined,
        )
        const [expected, actual] = [fold([...first, ...second]), putAway].map((tally) => {
          if (tally === undefined) throw new Error('expected a tally')
          const { usage: billed, ...summary } = summaryOf('CA1', NOON, tally)
          return { ...summary, billed: billed.toSorted((a, b) => (a.provider < b.provider ? -1 : 1)) }
        })
        expect(actual).toEqual(expected)
      }),
    )
  })

  it('keeps the latest thousand latencies of a call of hours', () => {
    const kept = Array.from({ length: 1500 }, (_, i): KeptEvent => {
      return { stream: NOON, at: NOON, event: { atMs: 0, type: 'agent-audible', responseId: 'r', latencyMs: i } }
    })
    const tally = fold(kept)
    expect(tally?.latencies).toHaveLength(1000)
    expect(tally?.latencies[0]).toBe(500)
  })
})
