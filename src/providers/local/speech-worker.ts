/**
 * A thread that recognises and speaks for a few calls. Both block it (a sentence takes 50 to 140 ms to make), which is
 * why it is a thread of its own: nobody's turn detection waits for it, only the recognisers that share it.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { yieldToOthers } from './priority.ts'
import { loadRecogniser, type Recogniser } from './recogniser/recogniser.ts'
import type { FromSpeech, SayMessage, SpeechWorkerData, ToSpeech, UtteranceMessage } from './speech-messages.ts'
import { makeVoice } from './voice.ts'

const port = parentPort
if (port === null) throw new TypeError('speech-worker: expected to run as a worker thread')

yieldToOthers()
const data = workerData as SpeechWorkerData
const voice = makeVoice(data.voice)
/** Recognisers are 30 MB and 300 ms each: a call that ends leaves its own to the next. */
const free: Promise<Recogniser>[] = [Promise.resolve(await loadRecogniser(data.grammar))]
/** Each line's recogniser, behind all work on it so far. */
const lines = new Map<number, Promise<Recogniser>>()

port.on('message', (message: ToSpeech) => {
  if (message.type === 'say') port.postMessage(say(message))
  else if (message.type === 'open') lines.set(message.line, free.pop() ?? loadRecogniser(data.grammar))
  else if (message.type === 'close') close(message.line)
  else continueLine(message)
})
port.postMessage({ type: 'ready' } satisfies FromSpeech)

function say({ job, sentence, voice: name, sampleRate }: SayMessage): FromSpeech {
  try {
    return { type: 'said', job, audio: voice.say(sentence, name, sampleRate) }
  } catch (error) {
    return { type: 'failed', job, reason: error instanceof Error ? error.message : String(error) }
  }
}

// A recogniser that throws is broken: the rejection is left alone, so the thread ends and is started again.
function continueLine(message: UtteranceMessage): void {
  const line = lines.get(message.line)
  if (line === undefined) return
  lines.set(
    message.line,
    line.then((recogniser) => {
      work(recogniser, message)
      return recogniser
    }),
  )
}

function work(recogniser: Recogniser, message: UtteranceMessage): void {
  if (message.type === 'start') recogniser.start()
  else if (message.type === 'sound') recogniser.push(message.samples)
  else if (message.type === 'finish') {
    port?.postMessage({ type: 'heard', job: message.job, heard: recogniser.finish() } satisfies FromSpeech)
  } else recogniser.abort()
}

function close(line: number): void {
  const last = lines.get(line)
  if (last === undefined) return
  lines.delete(line)
  // Free at once: whoever takes it waits for its reset, and no further one is loaded meanwhile.
  free.push(last.then((recogniser) => recogniser.reset().then(() => recogniser)))
}
