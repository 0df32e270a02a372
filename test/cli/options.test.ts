import { expect, test } from 'vitest'
import { readOptions, UsageError } from '../../src/cli/options.ts'

test('what is said keeps its order, interruptions among the rest', () => {
  expect(readOptions(['a.wav', '--interrupt', 'b.wav', 'c.wav', '--interrupt=d.wav'])).toEqual({
    lines: [
      { file: 'a.wav', interrupts: false },
      { file: 'b.wav', interrupts: true },
      { file: 'c.wav', interrupts: false },
      { file: 'd.wav', interrupts: true },
    ],
    maxCallMs: 180_000,
    maxSilenceMs: 8000,
    outDir: 'out',
  })
})

test('server, numbers and limits are taken', () => {
  const args = ['a.wav', '--url', 'http://127.0.0.1:8080/', '--from', 'anonymous', '--to', '+4930123456']
  expect(readOptions([...args, '--max-call', '30', '--max-silence', '2.5', '--out', 'recordings'])).toMatchObject({
    url: 'http://127.0.0.1:8080',
    from: 'anonymous',
    to: '+4930123456',
    maxCallMs: 30_000,
    maxSilenceMs: 2500,
    outDir: 'recordings',
  })
  expect(readOptions(['--help'])).toBe('help')
})

test.each([
  [[], /WAV/],
  [['a.wav', '--url', 'localhost:8080'], /--url/],
  [['a.wav', '--url', 'http://h/twilio/voice'], /--url/],
  [['a.wav', '--to', '555'], /--to/],
  [['a.wav', '--max-call', '0'], /--max-call/],
  [['a.wav', '--max-silence', 'long'], /--max-silence/],
  [['a.wav', '--interrupt'], /--interrupt/],
  [['a.wav', '--loud'], /--loud/],
])('%j is refused by naming what is wrong', (args, names) => {
  expect(() => readOptions(args)).toThrow(UsageError)
  expect(() => readOptions(args)).toThrow(names)
})
