import { parseSileroWeights } from '../../../src/audio/silero-weights.ts'
import { readSpeechWeights } from '../../../src/base/speech-weights.ts'
import type { Domain } from '../../../src/providers/local/domain/domain.ts'
import { localMinds } from '../../../src/providers/local/mind.ts'
import type { Heard } from '../../../src/providers/local/recogniser/recogniser.ts'
import type { SpeechLine } from '../../../src/providers/local/speech-pool.ts'
import { loadVoiceModule, makeVoice } from '../../../src/providers/local/voice.ts'
import type { Mind, MindConfig, MindEvent, ReplyPart, ReplyRequest } from '../../../src/simulators/realtime/mind.ts'

export const weights = parseSileroWeights(readSpeechWeights())
/** A sentence at 16 kHz. */
export const spoken = makeVoice(await loadVoiceModule()).say('A table for two, please.', 'slt', 16_000)

const config: MindConfig = {
  instructions: '',
  voice: 'rms',
  inputRate: 16_000,
  outputRate: 24_000,
  vad: { type: 'server_vad', threshold: 0.5, silenceMs: 300 },
  tools: [],
}
export const silence = (ms: number) => new Uint8Array(ms * 32)
export const turn: ReplyRequest = { trigger: 'turn', toolOutputs: [] }

/** A domain that repeats what it heard; `goodbye` ends, `when` asks a tool. */
export const echo: Domain = {
  name: 'echo',
  grammar: '',
  greeting: 'Hello. I am a demo.',
  start: () => ({
    hear: ({ text, rejected }) => {
      if (rejected) return { sentences: ['Sorry?'] }
      if (text === 'goodbye') return { sentences: ['Bye.'], ends: true }
      if (text === 'operator')
        return { sentences: ['Nobody is here.'], toolCall: { name: 'transfer_call', args: { destination: 'x' } } }
      if (text === 'when') return { sentences: ['I cannot look.'], toolCall: { name: 'clock', args: { zone: 'UTC' } } }
      return { sentences: [`${text}.`, 'Right?'] }
    },
    toolResult: (name, output) => ({ sentences: [`${name} says ${output}.`] }),
    interrupted: () => {
      interruptions.count++
    },
  }),
}
/** Of all echoes. */
export const interruptions = { count: 0 }

/** A speech line without sound: it hears `text` and says the letters. */
export function fakeLine(text: string) {
  const done: string[] = []
  let pushed = 0
  const line: SpeechLine = {
    start: () => done.push('start'),
    push: (samples) => {
      pushed += samples.length
    },
    finish: async (): Promise<Heard> => {
      done.push('finish')
      return { text, rejected: text === '' }
    },
    abort: () => done.push('abort'),
    say: async (sentence, voice, sampleRate) => {
      done.push(`say ${sentence}`)
      return new TextEncoder().encode(`${voice} ${sampleRate} ${sentence}`)
    },
    [Symbol.dispose]: () => done.push('close'),
  }
  return { line, done, pushedMs: () => pushed / 16 }
}

export function makeMind(text: string, changes: Partial<MindConfig> = {}, maxCalls = 1) {
  const fake = fakeLine(text)
  const told: MindEvent[] = []
  const make = localMinds({ domain: echo, weights, speech: { open: () => fake.line }, maxCalls })
  const mind = make((event) => told.push(event))
  mind.configure({ ...config, ...changes })
  return { mind, make, told, ...fake }
}

/** In 20 ms pieces, as a call sends it. */
export function hear(mind: Mind, ...sounds: Uint8Array[]): void {
  for (const sound of sounds) for (let at = 0; at < sound.length; at += 640) mind.hear(sound.subarray(at, at + 640))
}

export async function answer(mind: Mind, request = turn, signal = new AbortController().signal): Promise<string[]> {
  const parts: string[] = []
  for await (const part of mind.reply(request, signal)) parts.push(asText(part))
  return parts
}

export function asText(part: ReplyPart): string {
  if (part.type === 'text') return part.text
  if (part.type === 'audio') return new TextDecoder().decode(part.audio)
  return `${part.name}(${part.args})`
}
