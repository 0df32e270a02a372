import { type Check, fail, ok, warn } from './check.ts'

/** From a caller's first word to silence: what still feels like being heard [ms]. */
const SLOW_CLEAR_MS = 1000

/** Whether the server knows what was heard (marks), and falls silent when the caller speaks (clear). */
export const turnsCheck: Check = {
  name: 'marks, clear',
  deadlineMs: 45_000,
  async run({ call }) {
    const { firstSoundMs, marks, clearMs, hasSpeech } = await call()
    if (firstSoundMs === undefined) return warn('not tried: nothing was heard', 'see what is said of the media')
    if (marks === 0) {
      return fail('no mark came with the sound: what was heard is not known', 'is something else at PUBLIC_URL?')
    }
    if (!hasSpeech) {
      return warn(
        `${marks} mark(s); not tried whether it can be interrupted: there is no recorded speech here`,
        'call it, and speak over it',
      )
    }
    if (clearMs === undefined) {
      return warn(
        `${marks} mark(s); not tried whether it can be interrupted`,
        'it said too little to speak over: call it',
      )
    }
    if (clearMs === 'none') {
      return fail(
        'the agent talks on when it is spoken over',
        'look at BARGE_IN, and whether the caller’s sound arrives',
      )
    }
    const what = `${marks} mark(s); it falls silent ${Math.round(clearMs)} ms after it is spoken over`
    return clearMs > SLOW_CLEAR_MS ? warn(what, 'look at the event loop, and the way to this machine') : ok(what)
  },
}
