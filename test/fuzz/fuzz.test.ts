import { describe, expect, it } from 'vitest'
import { Random } from './random.ts'
import { fuzz } from './run.ts'
import type { Target } from './target.ts'
import { targets } from './targets.ts'

/** In all; `npm run fuzz` gives a million. */
const INPUTS = 20_000
/** Another one each day would find more, and fail for who did nothing: that is for `npm run fuzz`. */
const SEED = 5

describe('whatever a stranger sends', () => {
  it.each(targets.map(([target, share]) => ({ name: target.name, target, share })))(
    '$name: never throws, and means the same however it is read',
    ({ target, share }) => {
      const findings = fuzz(target, { inputs: INPUTS * share, seed: SEED })
      expect(findings.map(({ what, input }) => [what, String(input).slice(0, 300)])).toEqual([])
    },
  )
})

describe('the fuzzer', () => {
  const letters = 'abcdefgh'
  /** Falls over texts with two of a letter in them. */
  const clumsy: Target = {
    name: 'clumsy',
    corpus: ['ab'],
    make: (random) => Array.from({ length: 40 }, () => letters[random.below(letters.length)]).join(''),
    check(input) {
      if (String(input).split('d').length > 2) throw new TypeError('two of them')
      return undefined
    },
  }

  it('finds what is wrong, makes it as small as it can be, and says it once', () => {
    expect(fuzz(clumsy, { inputs: 1000, seed: 1 })).toEqual([
      { target: 'clumsy', what: 'it threw TypeError: two of them', input: 'dd' },
    ])
  })

  it('makes the same inputs for the same seed, and others for another', () => {
    const inputsOf = (target: Target, seed: number) =>
      Array.from({ length: 50 }, (_, i) => target.make(new Random(seed, i)))
    for (const [target] of targets) {
      expect(inputsOf(target, 1)).toEqual(inputsOf(target, 1))
      expect(inputsOf(target, 1)).not.toEqual(inputsOf(target, 2))
    }
  })

  it('reaches what lies behind the first look: most kinds of frames and files are read, not only refused', () => {
    const kinds = new Set<string>()
    for (const [target, share] of targets) {
      for (let i = 0; i < 3000 * share; i++) kinds.add(String(target.kindOf?.(target.make(new Random(1, i)))))
    }
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        'start',
        'media',
        'dtmf',
        'mark',
        'stop',
        'unknown',
        'garbage',
        'fast media',
        'fast audio',
      ]),
    )
    expect([...kinds]).toEqual(
      expect.arrayContaining(['audio', 'error', 'tool-call', 'response-done', 'ignored', 'sound', 'no sound']),
    )
  })
})
