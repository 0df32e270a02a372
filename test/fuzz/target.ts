import type { Random } from './random.ts'

/** What a reader is given: text of a socket, or the bytes of a file. */
export type Input = string | Uint8Array

/** One reader under fire. */
export interface Target {
  readonly name: string
  /** Inputs of a kind that peers really send, and those that once did harm. */
  readonly corpus: readonly [Input, ...Input[]]
  make(random: Random): Input
  /**
   * What is wrong with how the reader took it; `undefined`: nothing. May throw what the reader throws: that is wrong too.
   * The first words say the kind: an input is made smaller as long as they stay the same.
   */
  check(input: Input): string | undefined
  /** What the reader took it for. */
  kindOf?(input: Input): string
}

/** What the target says of an input, with what it throws. */
export function verdict(target: Target, input: Input): string | undefined {
  try {
    return target.check(input)
  } catch (error) {
    return `it threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`.slice(0, 200)
  }
}

/** The smallest input that was found to do the same harm, by cutting pieces out. */
export function minimised(target: Target, input: Input): Input {
  const kind = kindOf(verdict(target, input))
  let smallest = input
  let tries = 0
  for (let piece = Math.ceil(input.length / 2); piece >= 1; piece = piece === 1 ? 0 : Math.ceil(piece / 2)) {
    for (let at = 0; at < smallest.length && tries++ < 2000; ) {
      const shorter = without(smallest, at, piece)
      if (kindOf(verdict(target, shorter)) === kind) smallest = shorter
      else at += piece
    }
  }
  return smallest
}

function kindOf(said: string | undefined): string | undefined {
  return said?.split(' ', 3).join(' ')
}

function without(input: Input, at: number, count: number): Input {
  if (typeof input === 'string') return input.slice(0, at) + input.slice(at + count)
  return Buffer.concat([input.subarray(0, at), input.subarray(at + count)])
}
