import { Capture } from './capture.ts'
import { type FromLine, type FromPhone, type ToLine, type ToPhone, worklets } from './messages.ts'
import { Playout } from './playout.ts'
import { Speaker } from './speaker.ts'
import { TimedMix } from './timed-mix.ts'

// Both worklets of the page, in the thread where sound is made. They run at the sound card's rate and know the line's
// only: whoever is at the other end of the port sees frames of 20 ms.

declare const sampleRate: number
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}

/** How long a live call waits for sound that is late [ms]. */
const LATE_MS = 160
/** How far apart the caller and the agent are heard: 0 is not at all, 1 is an ear for each. */
const APART = 0.6

type Channels = readonly (readonly Float32Array[])[]

/** How loud it was since it was last asked. */
class Meter {
  #sum = 0
  #count = 0

  add(samples: Float32Array): void {
    for (const sample of samples) this.#sum += sample * sample
    this.#count += samples.length
  }

  /** [dBFS] */
  read(): number {
    const dbfs = this.#sum === 0 ? -Infinity : 10 * Math.log10(this.#sum / this.#count)
    this.#sum = 0
    this.#count = 0
    return dbfs
  }
}

let silence = new Float32Array(128)

/** The microphone's block; silence of the same length where there is none. */
function microphoneOf(inputs: Channels, length: number): Float32Array {
  if (silence.length !== length) silence = new Float32Array(length)
  return inputs[0]?.[0] ?? silence
}

/** A telephone: plays what the line brings, with marks, and says what the microphone hears. */
class Phone extends AudioWorkletProcessor {
  readonly #playout = new Playout((name) => this.#tell({ type: 'mark', name }))
  readonly #speaker = new Speaker(sampleRate, (samples) => this.#playout.take(samples))
  readonly #capture = new Capture(sampleRate)
  readonly #meter = new Meter()

  constructor() {
    super()
    this.port.onmessage = ({ data }: MessageEvent<ToPhone>) => {
      if (data.type === 'play') this.#playout.play(data.audio)
      else if (data.type === 'mark') this.#playout.mark(data.name)
      else this.#playout.clear()
    }
  }

  process(inputs: Channels, outputs: Channels): boolean {
    const [ear] = outputs[0] ?? []
    if (ear === undefined) return true
    this.#speaker.render(ear)
    this.#meter.add(ear)
    this.#capture.push(microphoneOf(inputs, ear.length), (said) => {
      this.#tell({ type: 'frame', said, heardDbfs: this.#meter.read(), waitingMs: this.#playout.waiting / 8 })
    })
    return true
  }

  #tell(message: FromPhone): void {
    this.port.postMessage(message)
  }
}

/** A live call: both its voices, a little apart, and the operator's microphone. */
class Line extends AudioWorkletProcessor {
  readonly #mix = new TimedMix(LATE_MS)
  #agent = new Float32Array(0)
  /** The agent's samples are taken with the caller's, and wait for their own speaker. */
  readonly #speakers = [
    new Speaker(sampleRate, (samples) => {
      if (this.#agent.length !== samples.length) this.#agent = new Float32Array(samples.length)
      this.#mix.take(samples, this.#agent)
    }),
    new Speaker(sampleRate, (samples) => samples.set(this.#agent)),
  ] as const
  readonly #voices = [new Float32Array(128), new Float32Array(128)] as const
  readonly #capture = new Capture(sampleRate)
  readonly #meter = new Meter()

  constructor() {
    super()
    this.port.onmessage = ({ data }: MessageEvent<ToLine>) => this.#mix.put(data.voice, data.atMs, data.audio)
  }

  process(inputs: Channels, outputs: Channels): boolean {
    const [left, right] = outputs[0] ?? []
    if (left === undefined || right === undefined) return true
    const [caller, agent] = [this.#voices[0].subarray(0, left.length), this.#voices[1].subarray(0, left.length)]
    this.#speakers[0].render(caller)
    this.#speakers[1].render(agent)
    for (let i = 0; i < left.length; i++) {
      const [c, a] = [caller[i] ?? 0, agent[i] ?? 0]
      left[i] = (c + (1 - APART) * a) / (2 - APART)
      right[i] = (a + (1 - APART) * c) / (2 - APART)
    }
    this.#meter.add(left)
    this.#meter.add(right)
    this.#capture.push(microphoneOf(inputs, left.length), (said) => {
      const news: FromLine = { said, heardDbfs: this.#meter.read() }
      this.port.postMessage(news)
    })
    return true
  }
}

registerProcessor(worklets.phone, Phone)
registerProcessor(worklets.line, Line)
