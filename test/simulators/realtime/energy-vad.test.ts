import { describe, expect, it } from 'vitest'
import { bytesOfSamples } from '../../../src/audio/pcm.ts'
import { tone } from '../../../src/audio/tone.ts'
import { makeEnergyVad } from '../../../src/simulators/realtime/energy-vad.ts'
import { silence, speech } from './raw-client.ts'

describe('the energy detector', () => {
  it('places begin and end of speech in the time of the sound', () => {
    const vad = makeEnergyVad(16_000, 0.5, 500)
    expect(vad.push(Buffer.concat([silence(400), speech(600), silence(480)]))).toEqual([
      { type: 'speech-started', atMs: 400 },
    ])
    expect(vad.push(silence(20))).toEqual([{ type: 'speech-stopped', atMs: 1000 }])
  })

  it('finds the same edges however the sound is cut', () => {
    const sound = Buffer.concat([silence(200), speech(300), silence(300), speech(200), silence(400)])
    const vad = makeEnergyVad(16_000, 0.5, 200)
    const whole = vad.push(sound)
    const other = makeEnergyVad(16_000, 0.5, 200)
    const pieces = []
    for (let i = 0; i < sound.length; i += 250) pieces.push(...other.push(sound.subarray(i, i + 250)))
    expect(pieces).toEqual(whole)
    expect(whole).toHaveLength(4)
  })

  it('takes neither a click nor a pause between words for an edge', () => {
    const vad = makeEnergyVad(16_000, 0.5, 300)
    expect(vad.push(Buffer.concat([silence(100), speech(40), silence(400)]))).toEqual([])
    const edges = vad.push(Buffer.concat([speech(200), silence(280), speech(200), silence(300)]))
    expect(edges.map((edge) => edge.type)).toEqual(['speech-started', 'speech-stopped'])
  })

  it('hears softer sound at a lower threshold', () => {
    const soft = bytesOfSamples(tone(300, 200, 16_000, -50))
    expect(makeEnergyVad(16_000, 0.5, 500).push(soft)).toEqual([])
    expect(makeEnergyVad(16_000, -0.5, 500).push(soft)).toHaveLength(1)
  })
})
