import type { Due } from './patience.ts'

/** What makes the agent speak by itself: instructions to the model, which says it in the caller's language. */
export const prompts: Readonly<Record<Due, string>> = {
  ask: 'The caller has been silent for a while. Ask in one short sentence whether they are still there.',
  'idle-goodbye': 'The caller has not said anything for a long time. Say a short, friendly goodbye.',
  warn: 'The call has to end soon. Tell the caller so in one short sentence.',
  'time-up': 'The time for this call is over. Say so in one short sentence, and say goodbye.',
}

/** What the caller has keyed in, told to the model. */
export function keyedIn(digits: string): string {
  return `(The caller pressed ${[...digits].join(' ')} on the keypad.)`
}

/** What an operator wants of the agent, told to the model. */
export function operatorSays(text: string): string {
  return `(A human operator tells you, and the caller does not hear it: ${text})`
}

/** The agent goes on after a human. */
export const handedBack =
  'A human colleague has been speaking with the caller and has handed the call back to you. Go on in one short sentence.'
