import type { Clock } from '../../base/clock.ts'
import type { Agent } from '../../call/agent.ts'
import { makeArgumentCheck } from '../../tools/check-arguments.ts'
import type { RecordedModel } from './model.ts'
import type { RecordedCall } from './recorded-call.ts'
import { makeTool } from './tools.ts'

/** As of an agent in whose file nothing of it is set, with everything off that makes it speak by itself. */
const plainManners = {
  ...{ idlePromptMs: 0, idlePromptsMax: 2, maxCallMs: 600_000, warnMs: 0, fillerAfterMs: 0 },
}
const plainBargeIn = { by: 'local+model', confirmMs: 600, onDigits: false, turnSilenceMs: 500 } as const
const silence = new Int16Array(0)
const checkArguments = makeArgumentCheck()

/** The agent that a call's description says, for one stream of it. */
export function agentOf({ description, sound }: RecordedCall, model: RecordedModel, clock: Clock): Agent {
  const { name, instructions, leadMs, connectMs, bargeIn, tools } = description
  const { filler, hold, ...limits } = description.manners
  return {
    ...{ name, instructions, leadMs, connectMs, checkArguments, providers: model.providers },
    greeting: greetingOf(description, sound),
    tools: tools.map((tool) => makeTool(tool, clock)),
    bargeIn: { ...plainBargeIn, ...defined(bargeIn) },
    manners: {
      ...{ ...plainManners, ...defined(limits) },
      filler: filler === undefined ? silence : sound(filler),
      hold: hold === undefined ? silence : sound(hold),
    },
    recording: false,
    flightRecorder: false,
  }
}

function greetingOf(
  { greeting, greetingSound }: RecordedCall['description'],
  sound: RecordedCall['sound'],
): Agent['greeting'] {
  if (greetingSound !== undefined) {
    return { type: 'sound', sound: sound(greetingSound.wav), words: greetingSound.words }
  }
  return greeting === undefined ? undefined : { type: 'instruction', text: greeting }
}

/** Without the fields that are not there. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return JSON.parse(JSON.stringify(value))
}
