import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { mulaw8k, silenceByte } from '../../src/audio/format.ts'
import { replay } from '../../src/cli/replay/engine.ts'
import { type RecordedCall, readRecordedCall } from '../../src/cli/replay/recorded-call.ts'

const calls = new URL('../../fixtures/audio/calls/', import.meta.url).pathname

const names = readdirSync(calls, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

describe('a recorded call', () => {
  it.each(names)('%s goes today as it went then', async (name) => {
    const expected = JSON.parse(readFileSync(`${calls}/${name}/expected.json`, 'utf8'))
    const { streams } = await replay(readRecordedCall(`${calls}/${name}`))
    expect({ streams }).toEqual(expected)
  })

  it('is there for each way in which a call can go', () => {
    expect(names).toEqual(
      expect.arrayContaining([
        'barge-in-before-the-first-delta',
        'barge-in-by-the-model-alone',
        'barge-in-on-buffered-tail',
        'barge-in-over-own-echo',
        'barge-in-while-generating',
        'digits-over-an-answer',
        'false-barge-in-resumed',
        'filler-before-a-late-answer',
        'goodbye',
        'goodbye-after-the-tool',
        'goodbye-talked-over',
        'hang-up-mid-answer',
        'hum-over-an-answer',
        'idle-goodbye',
        'keys-sent',
        'manual-turn-dropped',
        'manual-turns',
        'model-lost',
        'own-echo',
        'recorded-greeting',
        'time-up',
        'time-up-in-a-second-stream',
        'tool-during-speech',
        'tool-while-the-caller-speaks',
        'transfer-answered',
        'transfer-not-answered',
        'two-turns',
      ]),
    )
  })
})

describe('an answer that was held for nothing', () => {
  it.each(['false-barge-in-resumed', 'hum-over-an-answer', 'manual-turn-dropped'])(
    'is heard to the sample in %s',
    async (name) => {
      const call = readRecordedCall(`${calls}/${name}`)
      expect(await soundHeard(call)).toEqual(await soundHeard(deaf(call)))
    },
  )
})

/** The same call, with an agent that yields to nobody. */
function deaf(call: RecordedCall): RecordedCall {
  return { ...call, description: { ...call.description, bargeIn: { by: 'off' } } }
}

/** What the caller's phone played, without its silences: mu-law frames of 20 ms as text. */
async function soundHeard(call: RecordedCall): Promise<readonly string[]> {
  const { heard } = await replay(call)
  const silence = Buffer.alloc(160, silenceByte(mulaw8k)).toString('hex')
  const frames = heard.flatMap(
    (sound) =>
      Buffer.from(sound)
        .toString('hex')
        .match(/.{1,320}/g) ?? [],
  )
  return frames.filter((frame) => frame !== silence)
}
