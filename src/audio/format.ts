/** How a leg or a session codes its one channel of sound. */
export interface AudioFormat {
  /** `pcm16` is signed, little-endian. */
  readonly encoding: 'mulaw' | 'alaw' | 'pcm16'
  /** [Hz] */
  readonly sampleRate: 8000 | 16000 | 24000
}

export const mulaw8k: AudioFormat = { encoding: 'mulaw', sampleRate: 8000 }
export const pcm16k: AudioFormat = { encoding: 'pcm16', sampleRate: 16000 }
export const pcm24k: AudioFormat = { encoding: 'pcm16', sampleRate: 24000 }

/** Bytes of one sample: 1 in G.711, 2 in PCM16. */
export function bytesPerSample(format: AudioFormat): 1 | 2 {
  return format.encoding === 'pcm16' ? 2 : 1
}

/** Bytes that `ms` of this format take, rounded down to a whole sample. */
export function bytesOf(format: AudioFormat, ms: number): number {
  return Math.floor((ms * format.sampleRate) / 1000) * bytesPerSample(format)
}

/** The byte that silence is made of: +0 in mu-law, the smallest value in A-law (it has no zero), 0 in PCM. */
export function silenceByte(format: AudioFormat): number {
  return { mulaw: 0xff, alaw: 0xd5, pcm16: 0 }[format.encoding]
}

/** How long [ms] `bytes` of this format sound. */
export function durationMs(format: AudioFormat, bytes: number): number {
  return (bytes * 1000) / (format.sampleRate * bytesPerSample(format))
}

/** `pcm16/24000`: the short form for logs and errors. */
export function describe(format: AudioFormat): string {
  return `${format.encoding}/${format.sampleRate}`
}
