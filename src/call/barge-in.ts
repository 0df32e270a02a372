/**
 * When the agent yields to a caller who makes a sound while it speaks, and when it takes that back.
 *
 * "speaks": something of it is still to be heard, or an answer is being made. When it does not, there is nothing to yield
 * (and a hold that has outlived what it held is let go).
 *
 * | by          | state         | input          | next          | action                                            |
 * |-------------|---------------|----------------|---------------|---------------------------------------------------|
 * | local+model | open          | ear-onset      | held by ear   | hold: silent at once, nothing is lost             |
 * |             | open          | ear-sustained  | open          | interrupt: the caller began before the agent did  |
 * |             | open          | model-started  | open          | interrupt, if the ear finds it sustained too      |
 * |             |               |                | held by ear   | hold, if the ear hears something                  |
 * |             |               |                | held by model | hold, for a moment, if the ear hears nothing      |
 * |             |               |                | open          | none, if that was twice a mistake                 |
 * |             | held          | ear-sustained  | open          | interrupt                                         |
 * |             | held by model | ear-onset      | held by ear   | extend: the ear has its time too                  |
 * |             | held by ear   | deadline       | open          | resume                                            |
 * |             | held by model | deadline       | open          | resume, and the model was mistaken                |
 * | model       | open          | model-started  | open          | interrupt                                         |
 * | off         |               |                |               |                                                   |
 * | any         | any           | digit          | open          | interrupt                                         |
 *
 * Everything else leaves the state as it is; an interruption forgives the model's mistakes. The ear has the last word over
 * the model, whose detector may find a voice in coughs, in music and in the agent's own echo: a quick one that is believed
 * at once ends 50 answers of 60 for those, and none if the ear decides (docs/measurements.md). The ear is the quicker of
 * the two: so what the model hears and the ear does not is worth a moment's silence, in which the ear hears better.
 */
export function decide(by: By, state: BargeInState, input: BargeInInput, facts: Facts): Decision {
  const open = { ...state, held: undefined }
  if (!facts.agentSpeaks) return [open, state.held === undefined ? 'none' : 'resume']
  if (input === 'digit') return [OPEN, 'interrupt']
  if (by === 'off') return [state, 'none']
  if (by === 'model') return input === 'model-started' ? [OPEN, 'interrupt'] : [state, 'none']
  if (input === 'ear-sustained') return [OPEN, 'interrupt']
  return state.held === undefined ? whileOpen(state, input, facts) : whileHeld(state, input)
}

/** Who is asked whether a caller speaks. */
export type By = 'local+model' | 'model' | 'off'

export interface BargeInState {
  /** Who made the agent wait; `undefined`: it does not. */
  readonly held: 'ear' | 'model' | undefined
  /** How often the model alone did, for nothing, since the caller last interrupted. */
  readonly mistaken: number
}

export type BargeInInput =
  | 'ear-onset'
  | 'ear-sustained'
  | 'model-started'
  | 'digit'
  /** A hold has lasted as long as it may. */
  | 'deadline'

/** `extend`: the hold begins anew, as far as its time is concerned. */
export type BargeInAction = 'none' | 'hold' | 'extend' | 'resume' | 'interrupt'

/** What is the case at the moment of an input. */
export interface Facts {
  readonly agentSpeaks: boolean
  /** The ear hears the caller speak now. */
  readonly earSpeaking: boolean
  /** ... and has for so long that it is more than a cough. */
  readonly earSustained: boolean
}

export type Decision = readonly [BargeInState, BargeInAction]

/** Nobody has interrupted. */
export const OPEN: BargeInState = { held: undefined, mistaken: 0 }

const MOST_MISTAKES = 2

function whileOpen(state: BargeInState, input: BargeInInput, { earSpeaking, earSustained }: Facts): Decision {
  if (input === 'ear-onset') return [{ ...state, held: 'ear' }, 'hold']
  if (input !== 'model-started') return [state, 'none']
  if (earSpeaking) return earSustained ? [OPEN, 'interrupt'] : [{ ...state, held: 'ear' }, 'hold']
  return state.mistaken < MOST_MISTAKES ? [{ ...state, held: 'model' }, 'hold'] : [state, 'none']
}

function whileHeld({ held, mistaken }: BargeInState, input: BargeInInput): Decision {
  if (input === 'deadline') return [{ held: undefined, mistaken: held === 'model' ? mistaken + 1 : mistaken }, 'resume']
  if (input === 'ear-onset' && held === 'model') return [{ held: 'ear', mistaken }, 'extend']
  return [{ held, mistaken }, 'none']
}
