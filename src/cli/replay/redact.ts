import type { AudioFormat } from '../../audio/format.ts'
import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from '../../audio/g711.ts'
import { bytesOfSamples, samplesOf } from '../../audio/pcm.ts'
import type { Sound } from '../../call/agent.ts'
import type { SessionEvent } from '../../call/provider.ts'
import type { CallCommand } from '../../call/supervision.ts'
import type { Description } from './description.ts'
import type { OperatorAct } from './operator-acts.ts'
import type { RecordedCall, RecordedStream } from './recorded-call.ts'
import type { DescribedTool } from './tools.ts'

/** Of the range that is kept for made-up numbers. */
const FROM = '+15550101'
const TO = '+15550102'
const HUMAN = '+15550103'

/**
 * The same call in other words: letters become `x`, digits `0`, so that every text is as long as it was and what was heard
 * of it ends in the same place. The agent's sound and an operator's voice become noise of the same loudness. The caller's
 * voice stays: our own ear decides by it.
 */
export function redacted(call: RecordedCall): RecordedCall {
  const { description, streams, sound } = call
  return {
    description: describedAnew(description),
    streams: streams.map(streamAnew),
    sound: (name) => noiseLike(sound(name)),
  }
}

/** Each letter and digit by another one; everything else is as it was. */
function blind(text: string): string {
  return text
    .replace(/\p{Nd}/gu, '0')
    .replace(/\p{Script=Han}/gu, '某')
    .replace(/\p{Lu}/gu, 'X')
    .replace(/\p{Ll}|\p{Lo}/gu, blindLetter)
}

function blindLetter(letter: string): string {
  return letter === '某' ? letter : 'x'
}

/** A text of JSON has the same fields, with other words in them. */
function blindJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), (_, value: unknown) =>
      typeof value === 'string' ? blind(value) : blindNumber(value),
    )
  } catch {
    return blind(text)
  }
}

function blindNumber(value: unknown): unknown {
  return typeof value === 'number' ? 0 : value
}

function describedAnew(described: Description): Description {
  const { greeting, greetingSound, resumed } = described
  return {
    ...described,
    ...{ about: 'Saved from a call, its words replaced.', from: FROM, to: TO, name: 'agent' },
    instructions: blind(described.instructions),
    ...(greeting === undefined ? {} : { greeting: blind(greeting) }),
    ...(greetingSound === undefined ? {} : { greetingSound: { ...greetingSound, words: blind(greetingSound.words) } }),
    tools: described.tools.map(toolAnew),
    ...(resumed === undefined ? {} : { resumed: resumedAnew(resumed) }),
  }
}

function resumedAnew({ said, ...rest }: NonNullable<Description['resumed']>): NonNullable<Description['resumed']> {
  return {
    ...rest,
    said: said.map((utterance) => {
      if (utterance.speaker === 'caller') return { ...utterance, text: blind(utterance.text) }
      if (utterance.speaker === 'tool') return { ...utterance, output: blindJson(utterance.output) }
      return { ...utterance, heard: blind(utterance.heard), unheard: blind(utterance.unheard) }
    }),
  }
}

/** What it takes is not looked at any more: the words that fitted are gone. */
function toolAnew(tool: DescribedTool): DescribedTool {
  if (typeof tool === 'string' || !('answers' in tool)) return tool
  const answers = tool.answers.map((answer) => {
    if (answer === null) return null
    return 'output' in answer
      ? { ...answer, output: blindJson(answer.output) }
      : { ...answer, error: blind(answer.error) }
  })
  return { ...tool, description: blind(tool.description), parameters: { type: 'object' }, answers }
}

function streamAnew({ settings, recording, sessions, operator = [] }: RecordedStream): RecordedStream {
  const callerEvents = settings.callerEvents.map((event) =>
    event.type === 'dtmf' ? { ...event, digit: blind(event.digit) } : event,
  )
  return {
    settings: { ...settings, callerEvents },
    recording: { ...recording, events: callerEvents },
    operator: operator.map((act) => actAnew(act, recording.format)),
    sessions: sessions.map((session) => ({
      ...session,
      script: session.script.map((step) => ({ ...step, event: eventAnew(step.event, session.facts.outputFormat) })),
    })),
  }
}

function actAnew(act: OperatorAct, { encoding }: AudioFormat): OperatorAct {
  if ('command' in act) return { ...act, command: commandAnew(act.command) }
  const noise = noiseLike(encoding === 'alaw' ? decodeAlaw(act.audio) : decodeMulaw(act.audio))
  return { ...act, audio: encoding === 'alaw' ? encodeAlaw(noise) : encodeMulaw(noise) }
}

function commandAnew(command: CallCommand): CallCommand {
  switch (command.type) {
    case 'whisper':
      return { ...command, text: blind(command.text) }
    case 'transfer':
      return { ...command, destination: blind(command.destination), number: HUMAN }
    default:
      return command
  }
}

/** Tools that let go of the line are run again, and need what they were given; a key is a key. */
const OURS = new Set(['end_call', 'transfer_call'])

function eventAnew(event: SessionEvent, format: AudioFormat): SessionEvent {
  switch (event.type) {
    case 'transcript':
      return { ...event, text: blind(event.text) }
    case 'tool-call':
      return OURS.has(event.name) ? event : { ...event, args: blindJson(event.args) }
    case 'audio':
      return {
        ...event,
        audio: format.encoding === 'pcm16' ? bytesOfSamples(noiseLike(samplesOf(event.audio))) : event.audio,
      }
    case 'closed':
      return event.error === undefined
        ? event
        : { ...event, error: Object.assign(event.error, { message: 'it was lost' }) }
    default:
      return event
  }
}

/** So long a stretch keeps its loudness [samples]. */
const STRETCH = 160

/** Noise, as loud as this is at each moment, and the same each time. */
function noiseLike(sound: Sound): Sound {
  let state = 20_261
  const noise = new Int16Array(sound.length)
  for (let from = 0; from < sound.length; from += STRETCH) {
    const stretch = sound.subarray(from, from + STRETCH)
    const peak = Math.sqrt((3 * stretch.reduce((sum, sample) => sum + sample * sample, 0)) / stretch.length)
    for (let i = from; i < from + stretch.length; i++) {
      state = (state * 48_271) % 2_147_483_647
      noise[i] = Math.max(-32_768, Math.min(32_767, Math.round((state / 1_073_741_823.5 - 1) * peak)))
    }
  }
  return noise
}
