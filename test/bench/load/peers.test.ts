import { describe, expect, it } from 'vitest'
import { FrameReader, textFrame } from './frames.ts'
import { PlayedMarks } from './played-marks.ts'
import { type Message, Recogniser } from './recogniser.ts'
import { carrierHears, modelHears } from './vocabulary.ts'
import { readStream } from './webhook.ts'

function recognise(recogniser: Recogniser, ...texts: string[]): Message[] {
  const found: Message[] = []
  const reader = new FrameReader((frame) => found.push(recogniser.read(frame)))
  for (const text of texts) reader.push(textFrame(text, Uint8Array.from([1, 2, 3, 4])))
  return found
}

function base64(bytes: number): string {
  return Buffer.alloc(bytes).toString('base64')
}

describe('a peer', () => {
  it('hears as much sound as there is, in the words of either side', () => {
    const append = `{"type":"input_audio_buffer.append","audio":"${base64(640)}"}`
    const media = `{"event":"media","sequenceNumber":"2","media":{"payload":"${base64(160)}"}}`
    expect(recognise(new Recogniser(modelHears('qwen')), append, media, append)).toEqual(
      [20, 20, 20].map((ms) => ({ type: 'audio', ms })),
    )
    const delta = `{"event_id":"event_1","type":"response.audio.delta","delta":"${base64(960)}"}`
    const ours = `{"event":"media","streamSid":"MZ1","media":{"payload":"${base64(800)}"}}`
    expect(recognise(new Recogniser(carrierHears('qwen')), delta, ours)).toEqual(
      [20, 100].map((ms) => ({ type: 'audio', ms })),
    )
  })

  it('reads everything else whole', () => {
    const [message] = recognise(new Recogniser(carrierHears('qwen')), '{"event":"clear","streamSid":"MZ1"}')
    expect(message).toEqual({ type: 'other', json: { event: 'clear', streamSid: 'MZ1' } })
  })

  it('finds the stream in TwiML', () => {
    const twiml =
      '<Response><Connect action="http://a/next"><Stream statusCallback="http://a/s" url="ws://a/media?a=1&amp;b=2">' +
      '<Parameter name="token" value="t&quot;1"/></Stream></Connect><Say>Sorry</Say></Response>'
    expect(readStream(twiml)).toEqual({ url: 'ws://a/media?a=1&b=2', parameters: { token: 't"1' } })
    expect(() => readStream('<Response><Hangup/></Response>')).toThrow('no stream')
  })
})

describe('marks', () => {
  it('go back when the sound before them has been played', () => {
    const marks = new PlayedMarks()
    marks.play(1000, 100)
    expect(marks.mark(1010, 'a')).toBe(false)
    marks.play(1050, 100)
    expect(marks.mark(1050, 'b')).toBe(false)
    expect([1099, 1100, 1199, 1200].map((nowMs) => marks.due(nowMs))).toEqual([[], ['a'], [], ['b']])
    expect(marks.mark(1200, 'c')).toBe(true)
  })

  it('go back at once when the sound is cleared', () => {
    const marks = new PlayedMarks()
    marks.play(0, 500)
    marks.mark(0, 'a')
    marks.play(0, 500)
    marks.mark(0, 'b')
    expect(marks.clear(100)).toEqual(['a', 'b'])
    expect(marks.due(5000)).toEqual([])
  })
})
