import alawmulaw from 'alawmulaw'
import waveResampler from 'wave-resampler'
import { type AudioFormat, mulaw8k, pcm16k, pcm24k } from '../../../src/audio/format.ts'
import { decodeMulaw, encodeMulaw } from '../../../src/audio/g711.ts'
import { bytesOfSamples, samplesOf } from '../../../src/audio/pcm.ts'
import { makeTranscoder } from '../../../src/audio/transcoder.ts'
import { makeMediaReader } from '../../../src/carriers/twilio/media-reader.ts'
import { makeStreamWriter } from '../../../src/carriers/twilio/messages.ts'
import { readServerEvent } from '../../../src/providers/realtime/events.ts'
import { Uplink } from '../../../src/providers/realtime/uplink.ts'
import { toInt16 } from './resamplers/contender.ts'
import { CALLS, FRAMES, inBatches, secondOfSpeech } from './signals.ts'

/** A part of the frame path, ours beside what is commonly written; each run handles one second of one call's sound. */
export interface Part {
  readonly what: string
  ours(): void
  theirs(): void
}

/** Results go here, so that no compiler finds them unused. */
const sink: { last: unknown } = { last: undefined }

function keep(result: unknown): void {
  sink.last = result
}

function each<T>(items: readonly T[], use: (item: T, i: number) => unknown): () => void {
  return () => {
    items.forEach((item, i) => {
      keep(use(item, i))
    })
  }
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')

/** Bytes to bytes: decode, resample, encode; beside the two common packages, called once a frame. */
function pipeline(what: string, from: AudioFormat, to: AudioFormat): Part {
  const calls = Array.from({ length: CALLS }, () => makeTranscoder(from, to))
  const frames = secondOfSpeech(from.sampleRate).map((samples) =>
    from.encoding === 'mulaw' ? alawmulaw.mulaw.encode(samples) : bytesOfSamples(samples),
  )
  const common = (frame: Uint8Array) => {
    const samples = from.encoding === 'mulaw' ? alawmulaw.mulaw.decode(frame) : samplesOf(frame)
    const options = { method: 'sinc', LPF: true }
    const resampled = toInt16(waveResampler.resample(samples, from.sampleRate, to.sampleRate, options), 1)
    return to.encoding === 'mulaw' ? alawmulaw.mulaw.encode(resampled) : bytesOfSamples(resampled)
  }
  return { what, ours: each(frames, (frame, i) => calls[i % CALLS]?.push(frame)), theirs: each(frames, common) }
}

/** The whole of what is done to sound; theirs is `alawmulaw` and `wave-resampler`, called once a frame. */
export function pipelines(): Part[] {
  return [
    pipeline('up: mu-law 8 kHz to PCM 16 kHz', mulaw8k, pcm16k),
    pipeline('down: PCM 24 kHz to mu-law 8 kHz', pcm24k, mulaw8k),
  ]
}

/** G.711, a second at once: in frames both would mostly allocate their output. Theirs is `alawmulaw`. */
export function coders(): Part[] {
  const speech = inBatches(secondOfSpeech(8000), FRAMES)
  const coded = speech.map((samples) => alawmulaw.mulaw.encode(samples))
  return [
    {
      what: 'mu-law decode, 8000 samples',
      ours: each(coded, (bytes) => decodeMulaw(bytes)),
      theirs: each(coded, (bytes) => alawmulaw.mulaw.decode(bytes)),
    },
    {
      what: 'mu-law encode, 8000 samples',
      ours: each(speech, (samples) => encodeMulaw(samples)),
      theirs: each(speech, (samples) => alawmulaw.mulaw.encode(samples)),
    },
  ]
}

/**
 * What is around the sound, from and to the bytes that the socket takes; theirs is JSON.parse and JSON.stringify with
 * Buffer's base64.
 */
export function envelopes(): Part[] {
  const coded = secondOfSpeech(8000).map((samples) => alawmulaw.mulaw.encode(samples))
  const wide = secondOfSpeech(16_000).map(bytesOfSamples)
  const deltas = inBatches(secondOfSpeech(24_000), 5).map(bytesOfSamples)
  const media = coded.map((audio, i) => Buffer.from(mediaFrame(audio, i)))
  const events = deltas.map((audio) => Buffer.from(deltaFrame(audio)))
  const uplink = new Uplink({ backlogBytes: 0, send: keep }, pcm16k, 20)
  const reader = makeMediaReader(streamSid)
  const writer = makeStreamWriter(streamSid)
  return [
    {
      what: 'read 50 Twilio media frames, sound decoded',
      ours: each(media, (bytes) => reader(bytes)),
      theirs: each(media, (bytes) => Buffer.from(JSON.parse(bytes.toString()).media.payload, 'base64')),
    },
    {
      what: 'write 50 appends of 20 ms',
      ours: each(wide, (audio) => uplink.push(audio)),
      theirs: each(wide, (audio) =>
        Buffer.from(JSON.stringify({ type: 'input_audio_buffer.append', audio: base64(audio) })),
      ),
    },
    {
      what: 'read 10 audio deltas of 100 ms, base64 as it is',
      ours: each(events, (bytes) => readServerEvent(bytes.toString())),
      theirs: each(events, (bytes) => JSON.parse(bytes.toString()).delta),
    },
    {
      what: 'write 50 media frames of 20 ms',
      ours: each(coded, (audio) => writer.media(audio)),
      theirs: each(coded, (audio) => JSON.stringify({ event: 'media', streamSid, media: { payload: base64(audio) } })),
    },
  ]
}

/** Node's own, which nobody goes below: base64 of a frame. */
export function base64Tasks(): { name: string; run: () => void }[] {
  const wide = secondOfSpeech(16_000).map(bytesOfSamples)
  const payloads = secondOfSpeech(8000).map((samples) => base64(alawmulaw.mulaw.encode(samples)))
  return [
    { name: 'base64 decode of 50 frames of 160 bytes', run: each(payloads, (text) => Buffer.from(text, 'base64')) },
    { name: 'base64 encode of 50 frames of 640 bytes', run: each(wide, (audio) => base64(audio)) },
  ]
}

const streamSid = 'MZ18ad3ab5a668481ce02b83e7395059f0'

/** As Twilio sends it. */
function mediaFrame(audio: Uint8Array, i: number): string {
  const media = { track: 'inbound', chunk: `${i + 1}`, timestamp: `${20 * i}`, payload: base64(audio) }
  return JSON.stringify({ event: 'media', sequenceNumber: `${i + 2}`, media, streamSid })
}

/** As the model sends it. */
function deltaFrame(audio: Uint8Array): string {
  return JSON.stringify({
    event_id: 'event_B1osWMZBtrEQbiIwW0qHQ',
    type: 'response.audio.delta',
    response_id: 'resp_TucN5QgymL5MA8vkJvFlS',
    item_id: 'item_FEG9qJGNkPcdf4et3p7BV',
    output_index: 0,
    content_index: 0,
    delta: base64(audio),
  })
}
