import alawmulaw from 'alawmulaw'
import waveResampler from 'wave-resampler'
import { WebSocket } from 'ws'
import { serveBridge } from './serve.ts'

/** What is written first: each frame on its own through two packages, everything parsed and printed whole. */
serveBridge((carrier, modelUrl) => {
  const model = new WebSocket(modelUrl)
  let streamSid = ''
  carrier.on('message', (data) => {
    const message = JSON.parse(String(data))
    if (message.event === 'start') streamSid = message.start.streamSid
    if (message.event !== 'media' || model.readyState !== WebSocket.OPEN) return
    const samples = alawmulaw.mulaw.decode(Buffer.from(message.media.payload, 'base64'))
    const pcm = toInt16(waveResampler.resample(samples, 8000, 16_000))
    const audio = Buffer.from(pcm.buffer).toString('base64')
    model.send(JSON.stringify({ type: 'input_audio_buffer.append', audio }))
  })
  model.on('message', (data) => {
    const event = JSON.parse(String(data))
    if (event.type === 'session.created') model.send(JSON.stringify({ type: 'session.update', session: {} }))
    if (event.type === 'response.audio.delta') {
      const bytes = Buffer.from(event.delta, 'base64')
      const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
      const sound = alawmulaw.mulaw.encode(toInt16(waveResampler.resample(samples, 24_000, 8000)))
      const payload = Buffer.from(sound).toString('base64')
      carrier.send(JSON.stringify({ event: 'media', streamSid, media: { payload } }))
    }
    if (event.type === 'input_audio_buffer.speech_started') {
      carrier.send(JSON.stringify({ event: 'clear', streamSid }))
      model.send(JSON.stringify({ type: 'response.cancel' }))
    }
  })
  carrier.on('close', () => model.close())
  model.on('close', () => carrier.close())
})

function toInt16(samples: ArrayLike<number>): Int16Array {
  return Int16Array.from(samples)
}
