import { expect, it } from 'vitest'
import type { TranscriptLine } from '../../../../src/operator/api.ts'
import { lineAt } from '../../../../src/operator/page/call/playing.ts'

const line = (stream: number, atMs: number): TranscriptLine => ({
  stream,
  atMs,
  at: stream + atMs,
  speaker: 'caller',
  text: '',
})
// The second was said before the first, but its words came later.
const lines = [line(1, 2000), line(1, 1000), line(1, 5000), line(2, 500)]

it('finds the line that is being said', () => {
  const at = (stream: number | undefined, atMs: number) => lineAt(lines, { stream, atMs, playing: true })
  expect(at(1, 999)).toBe(-1)
  expect(at(1, 1000)).toBe(1)
  expect(at(1, 4999)).toBe(0)
  expect(at(1, 60_000)).toBe(2)
  expect(at(2, 60_000)).toBe(3)
  expect(at(undefined, 60_000)).toBe(-1)
})
