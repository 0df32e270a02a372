/** The sound of one `media` frame. */
export interface Media {
  readonly audio: Uint8Array
  /** Presentation time from the stream's start [ms]. */
  readonly timestampMs: number
}

/** Everything before the payload, in the order in which Twilio writes it. */
const HEAD =
  /^\{"event":"media","sequenceNumber":"\d+","media":\{"track":"inbound","chunk":"\d+","timestamp":"(\d{1,12})","payload":"/

/**
 * Reads the `media` frames of one stream, without parsing JSON: they come 50 times a second and call, and a third of the
 * time is enough (0.4 us instead of 1.4). `undefined`: not a media frame of this stream as Twilio usually writes it. That
 * is for `readFrame`, which takes any JSON; what is read here, is read there in the same way.
 */
export function makeMediaReader(streamSid: string): (frame: Buffer) => Media | undefined {
  const tail = `"},"streamSid":${JSON.stringify(streamSid)}}`
  return (frame) => {
    // Latin 1 is a plain copy. What is not ASCII comes out wrong, and then it is no base64 either.
    const text = frame.toString('latin1')
    const head = HEAD.exec(text)
    if (head === null || !text.endsWith(tail)) return undefined
    const payload = text.slice(head[0].length, -tail.length)
    const audio = Buffer.from(payload, 'base64')
    return isStrictBase64(payload, audio.length) ? { audio, timestampMs: Number(head[1]) } : undefined
  }
}

/** Node skips what is no base64, so the bytes are fewer then; and it takes `-` and `_`, which base64url has. */
function isStrictBase64(text: string, bytes: number): boolean {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return (
    text.length % 4 === 0 && bytes === (text.length / 4) * 3 - padding && !text.includes('-') && !text.includes('_')
  )
}
