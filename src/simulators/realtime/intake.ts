import { type ClientEvent, readBase64, SampleCarry } from './client-event.ts'
import { decodeSound } from './coding.ts'
import type { SessionConfig } from './config.ts'
import type { Complaints } from './dialect.ts'
import type { Recorder } from './inspection.ts'
import { invalidRequest, Refusal } from './wire-error.ts'

interface IntakeOptions {
  readonly received: Recorder
  readonly complaints: Complaints
  /** Whole samples of PCM16 at the session's input rate, in order. */
  hear(samples: Uint8Array): void
  /** So much more sound is in the buffer [ms]. */
  heard(ms: number): void
}

/** What a session hears: sound of any coding and length in, whole samples out. */
export class Intake {
  readonly #options: IntakeOptions
  readonly #carry = new SampleCarry()
  #hasAudio = false
  #heardMs = 0

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /** Sound was appended at all. */
  get hasAudio(): boolean {
    return this.#hasAudio
  }

  /** All sound since the session began [ms]. */
  get heardMs(): number {
    return this.#heardMs
  }

  /** `input_audio_buffer.append`. @throws Refusal */
  append(event: ClientEvent, { inputEncoding, inputRate }: SessionConfig, atMs: number): void {
    const { received, complaints, hear, heard } = this.#options
    const bytes = readBase64(event.audio, complaints.notBase64('audio'))
    const { audio: _audio, ...rest } = event
    received.event('input_audio_buffer.append', atMs, rest, bytes.length)
    received.sound(bytes)
    this.#hasAudio = true
    const ms = (bytes.length * 1000) / ((inputEncoding === 'pcm16' ? 2 : 1) * inputRate)
    this.#heardMs += ms
    heard(ms)
    const samples = this.#carry.push(decodeSound(bytes, inputEncoding))
    if (samples.length > 0) hear(samples)
  }

  /** `input_image_buffer.append`: only looked at. @throws Refusal */
  image(image: unknown): void {
    readBase64(image, this.#options.complaints.notBase64('image'))
    if (!this.#hasAudio) throw new Refusal(invalidRequest('Error append image before append audio.'))
  }

  /** The half of a sample that waits for its other half belongs to nothing. */
  clear(): void {
    this.#carry.reset()
  }
}
