import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { samplesOf } from '../../../src/audio/pcm.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { type SpeechLine, type SpeechPool, startSpeechPool } from '../../../src/providers/local/speech-pool.ts'
import { loadVoiceModule } from '../../../src/providers/local/voice.ts'

const grammar = `#JSGF V1.0;
grammar two;
<sentence> = a table for ( two | three ) please | what are your prices;
`
const options = { threads: 2, grammar, clock: systemClock }
let voice: WebAssembly.Module
let pool: SpeechPool
const crashes: Error[] = []

beforeAll(async () => {
  voice = await loadVoiceModule()
  pool = await startSpeechPool({ ...options, voice, crashed: (error) => crashes.push(error) })
})

afterAll(async () => {
  await pool[Symbol.asyncDispose]()
  expect(crashes).toEqual([])
})

/** What the pool hears of its own voice, with a little silence around it. */
async function hear(line: SpeechLine, sentence: string) {
  const samples = samplesOf(await line.say(sentence, 'rms', 16_000))
  line.start()
  line.push(new Int16Array(4800))
  for (let at = 0; at < samples.length; at += 512) line.push(samples.subarray(at, at + 512))
  return line.finish()
}

describe('the speech threads', () => {
  it('serve three calls at once, and none hears what another one said', async () => {
    const lines = [pool.open(), pool.open(), pool.open()] as const
    const heard = await Promise.all([
      hear(lines[0], 'A table for two, please.'),
      hear(lines[1], 'A table for three, please.'),
      hear(lines[2], 'What are your prices?'),
    ])
    expect(heard.map(({ text }) => text)).toEqual([
      'a table for two please',
      'a table for three please',
      'what are your prices',
    ])
    for (const line of lines) line[Symbol.dispose]()
  })

  it('hear the next caller on a recogniser that a call has left in the middle of a word', async () => {
    const left = pool.open()
    left.start()
    left.push(new Int16Array(3000))
    left[Symbol.dispose]()
    const next = pool.open()
    expect(await hear(next, 'A table for two, please.')).toEqual({ text: 'a table for two please', rejected: false })
    next[Symbol.dispose]()
  })

  it('drop an utterance that is aborted', async () => {
    const line = pool.open()
    line.start()
    line.push(samplesOf(await line.say('What are your prices?', 'rms', 16_000)))
    line.abort()
    expect((await hear(line, 'A table for three, please.')).text).toBe('a table for three please')
    line[Symbol.dispose]()
  })

  it('fail to start, with the reason, when the grammar is not valid', async () => {
    const failed: Error[] = []
    const starting = startSpeechPool({ ...options, voice, grammar: '#JSGF', crashed: (error) => failed.push(error) })
    await expect(starting).rejects.toThrow('grammar')
  })
})
