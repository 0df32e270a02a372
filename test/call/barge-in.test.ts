import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type BargeInAction,
  type BargeInInput,
  type BargeInState,
  type By,
  type Decision,
  decide,
  type Facts,
  OPEN,
} from '../../src/call/barge-in.ts'

const inputs: readonly BargeInInput[] = ['ear-onset', 'ear-sustained', 'model-started', 'digit', 'deadline']
const sides: readonly By[] = ['local+model', 'model', 'off']
const held: BargeInState = { held: 'ear', mistaken: 0 }
const heldByModel: BargeInState = { held: 'model', mistaken: 0 }
const mistaken = (times: number): BargeInState => ({ held: undefined, mistaken: times })

const speaks: Facts = { agentSpeaks: true, earSpeaking: false, earSustained: false }
const earHears: Facts = { ...speaks, earSpeaking: true }
const earIsSure: Facts = { ...earHears, earSustained: true }
const silent: Facts = { ...speaks, agentSpeaks: false }

describe('the table of yielding', () => {
  const both: readonly (readonly [string, BargeInState, BargeInInput, Facts, Decision])[] = [
    ['holds as soon as the ear hears something', OPEN, 'ear-onset', earHears, [held, 'hold']],
    ['stops when the caller has been speaking since before', OPEN, 'ear-sustained', earIsSure, [OPEN, 'interrupt']],
    ['stops when the model hears what the ear is sure of', OPEN, 'model-started', earIsSure, [OPEN, 'interrupt']],
    ['holds when the ear hears the caller, but not for long', OPEN, 'model-started', earHears, [held, 'hold']],
    ['holds when the model alone hears the caller', OPEN, 'model-started', speaks, [heldByModel, 'hold']],
    [
      'holds once more for a model that was mistaken',
      mistaken(1),
      'model-started',
      speaks,
      [{ held: 'model', mistaken: 1 }, 'hold'],
    ],
    ['goes on when the model was mistaken twice', mistaken(2), 'model-started', speaks, [mistaken(2), 'none']],
    ['holds for the ear all the same', mistaken(2), 'ear-onset', earHears, [{ held: 'ear', mistaken: 2 }, 'hold']],
    ['lets a deadline that is past pass', OPEN, 'deadline', earIsSure, [OPEN, 'none']],
    ['stops when what it holds for is sustained', held, 'ear-sustained', earIsSure, [OPEN, 'interrupt']],
    ['waits for the ear to be sure when the model agrees', held, 'model-started', earHears, [held, 'none']],
    ['forgives the model when it stops', { held: 'ear', mistaken: 2 }, 'ear-sustained', earIsSure, [OPEN, 'interrupt']],
    ['waits for the same ear to be sure', held, 'ear-onset', earHears, [held, 'none']],
    ['gives the ear its time when that agrees with the model', heldByModel, 'ear-onset', earHears, [held, 'extend']],
    [
      'stops when the ear is sure where the model was first',
      heldByModel,
      'ear-sustained',
      earIsSure,
      [OPEN, 'interrupt'],
    ],
    ['waits when the model repeats itself', heldByModel, 'model-started', speaks, [heldByModel, 'none']],
    ['goes on when nobody has confirmed', held, 'deadline', speaks, [OPEN, 'resume']],
    ['goes on when the ear has not confirmed the model', heldByModel, 'deadline', speaks, [mistaken(1), 'resume']],
  ]
  it.each(both)('with ear and model %s', (_, state, input, facts, decision) => {
    expect(decide('local+model', state, input, facts)).toEqual(decision)
  })

  it('with the model alone stops on its word, and on nothing that an ear says', () => {
    for (const input of inputs) {
      const stops = input === 'model-started' || input === 'digit'
      expect(decide('model', OPEN, input, earIsSure), input).toEqual([OPEN, stops ? 'interrupt' : 'none'])
    }
  })

  it('switched off stops for a key and for nothing else', () => {
    for (const input of inputs) {
      expect(decide('off', OPEN, input, earIsSure), input).toEqual([OPEN, input === 'digit' ? 'interrupt' : 'none'])
    }
  })

  it('stops for a key in every state and whoever is asked', () => {
    for (const by of sides) {
      for (const state of [OPEN, held, heldByModel]) {
        expect(decide(by, state, 'digit', speaks)).toEqual([OPEN, 'interrupt'])
      }
    }
  })

  it('does nothing when the agent is silent, but let go of a hold that has outlived what it held', () => {
    for (const by of sides) {
      for (const input of inputs) {
        expect(decide(by, OPEN, input, { ...earIsSure, agentSpeaks: false })).toEqual([OPEN, 'none'])
        expect(decide(by, held, input, silent)).toEqual([OPEN, 'resume'])
        expect(decide(by, heldByModel, input, silent)).toEqual([OPEN, 'resume'])
      }
    }
  })
})

const factsOf = fc.record({ agentSpeaks: fc.boolean(), earSpeaking: fc.boolean(), earSustained: fc.boolean() })
const steps = fc.array(fc.record({ input: fc.constantFrom(...inputs), facts: factsOf }), { maxLength: 60 })

/** What the agent does over a whole conversation. */
function play(by: By, steps: readonly { readonly input: BargeInInput; readonly facts: Facts }[]) {
  let state: BargeInState = OPEN
  return steps.map(({ input, facts }) => {
    const before = state
    const [next, action] = decide(by, state, input, facts)
    state = next
    return { input, facts, before, after: next, action }
  })
}

describe('whatever the ear, the model and the keys say, in whatever order', () => {
  it('a hold is followed by one resume or one interruption before the next hold, and is held exactly so long', () => {
    fc.assert(
      fc.property(fc.constantFrom(...sides), steps, (by, all) => {
        let holding = false
        for (const { before, after, action } of play(by, all)) {
          expect(before.held !== undefined).toBe(holding)
          if (action === 'hold') expect(holding).toBe(false)
          if (action === 'resume') expect(holding).toBe(true)
          if (action === 'hold') holding = true
          if (action === 'resume' || action === 'interrupt') holding = false
          expect(after.held !== undefined).toBe(holding)
          if (action === 'extend') expect(holding).toBe(true)
        }
      }),
    )
  })

  it('the deadline ends every hold', () => {
    fc.assert(
      fc.property(steps, factsOf, (all, facts) => {
        const last = play('local+model', all).at(-1)?.after ?? OPEN
        const [after, action] = decide('local+model', last, 'deadline', facts)
        expect(after.held).toBeUndefined()
        expect(action).toBe(last.held === undefined ? 'none' : 'resume')
      }),
    )
  })

  it('an agent that does not speak is never told to hold or to stop', () => {
    fc.assert(
      fc.property(fc.constantFrom(...sides), steps, (by, all) => {
        for (const { facts, before, action } of play(by, all)) {
          if (facts.agentSpeaks) continue
          expect(action).toBe(before.held === undefined ? 'none' : 'resume')
        }
      }),
    )
  })

  it('only a key acts when barge-in is off', () => {
    fc.assert(
      fc.property(steps, (all) => {
        for (const { input, action } of play('off', all)) if (input !== 'digit') expect(action).toBe('none')
      }),
    )
  })

  it('the ear has the last word: a model that hears voices alone only ever makes the agent wait', () => {
    const deaf = fc.record({
      input: fc.constantFrom<BargeInInput[]>('model-started', 'deadline'),
      facts: fc.record({
        agentSpeaks: fc.boolean(),
        earSpeaking: fc.constant(false),
        earSustained: fc.constant(false),
      }),
    })
    fc.assert(
      fc.property(fc.array(deaf, { maxLength: 60 }), (all) => {
        const actions: readonly BargeInAction[] = play('local+model', all).map(({ action }) => action)
        expect(actions).not.toContain('interrupt')
      }),
    )
  })

  it('a model alone never makes the agent wait: it stops, or it goes on', () => {
    fc.assert(
      fc.property(steps, (all) => {
        for (const { action } of play('model', all)) expect(['none', 'interrupt']).toContain(action)
      }),
    )
  })
})
