import { DOCTOR_NUMBER } from '../../after-call/doctor-number.ts'
import { levelDbfs } from '../../audio/level.ts'
import { type Check, type Finding, fail, ok, warn } from './check.ts'

const SLOW_MS = 2500
const LOUDEST_DBFS = -3
const QUIETEST_DBFS = -50
/** Neighbouring samples of speech, and of tones below 1 kHz, are alike; those of noise are not. */
const LEAST_ALIKE = 0.3
const NO_SOUND = 'the model’s sound is taken for what it is not: look for `format` in the server’s log'

/** Whether sound comes back through the media socket, soon enough, and is sound. */
export const mediaCheck: Check = {
  name: 'media',
  deadlineMs: 45_000,
  async run({ call, plans }) {
    const { isStreamed, notices, frames, firstSoundMs, heard, hasSpeech, spokeFirst } = await call()
    const { greeting } = plans.numbers.get(DOCTOR_NUMBER) ?? plans.default
    if (!isStreamed) {
      const [notice] = notices.filter(({ code }) => code >= 31_000)
      const what = notice === undefined ? 'the media socket was never opened' : `${notice.code}: ${notice.message}`
      return fail(what, 'let the proxy upgrade /twilio/media to a WebSocket (HTTP/1.1, Upgrade and Connection headers)')
    }
    if (frames === 0 && greeting.type === 'none' && !hasSpeech) {
      return warn(
        'not tried: the agent waits for its caller, and there is no recorded speech here to say to it',
        'call it, and speak',
      )
    }
    if (frames === 0) {
      return fail('nothing was heard of the agent', 'see what is said of the model; then look at the server’s log')
    }
    const sound = judgeSound(heard)
    if (sound !== undefined) return sound
    if (firstSoundMs === undefined) return fail('what is heard is silence', NO_SOUND)
    const after = `${Math.round(firstSoundMs)} ms after the stream’s start`
    const recorded = greeting.type === 'sound' ? `by its recorded greeting, ${after}` : after
    const when = spokeFirst ? 'once it was spoken to' : recorded
    if (!spokeFirst && firstSoundMs > SLOW_MS) {
      const todo =
        greeting.type === 'sound'
          ? 'its recording begins with silence, or the way to this machine is slow'
          : 'AGENT_GREETING_AUDIO greets at once; look for a model that is nearer'
      return warn(`the agent is heard only ${when}`, todo)
    }
    return ok(`the agent is heard ${when}, loud and clear`)
  },
}

/** What is wrong with what was heard; `undefined`: it may well be speech. */
export function judgeSound(heard: Int16Array): Finding | undefined {
  const loud = heard.filter((sample) => sample !== 0)
  const level = levelDbfs(loud)
  const todo = NO_SOUND
  const quiet = loud.length === 0 ? '' : ` (${Math.round(level)} dBFS)`
  if (level < QUIETEST_DBFS) return fail(`what is heard is silence${quiet}`, todo)
  if (level > LOUDEST_DBFS) return fail('what is heard is as loud as can be: noise', todo)
  if (likeness(heard) < LEAST_ALIKE) return fail('what is heard is noise, not speech', todo)
  return undefined
}

/** Correlation of each sample with the one before it: 1 a slow wave, 0 noise. */
function likeness(samples: Int16Array): number {
  let [same, next, last] = [0, 0, 0]
  for (const sample of samples) {
    same += sample * sample
    next += sample * last
    last = sample
  }
  return same === 0 ? 0 : next / same
}
