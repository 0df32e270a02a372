import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { encodeMulaw } from '../../src/audio/g711.ts'
import { levelDbfs } from '../../src/audio/level.ts'
import { readWav } from '../../src/audio/wav.ts'
import type { CallEvent } from '../../src/call/events.ts'
import { readConfig } from '../../src/config.ts'
import { startOffhook } from '../../src/offhook.ts'
import { startSimulatedCall } from '../../src/simulators/carrier/call.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { agentQuiet, heardBetween } from './house.ts'

/** Real recorded speech as a caller says it. */
function speech(file: string): Uint8Array {
  const [samples] = readWav(readFileSync(new URL(`../../fixtures/audio/${file}.wav`, import.meta.url))).channels
  return encodeMulaw(samples ?? new Int16Array())
}

/** On a busy machine the recogniser is late: nobody is turned away for that, and nothing but the answer is heard. */
const patient = { MAX_LAG_MS: '10000', FILLER_AFTER_MS: '0', DATA_DIR: 'none' }

async function openWithoutKey(env: Readonly<Record<string, string>>) {
  const events: CallEvent[] = []
  const arrived = new EventEmitter()
  const offhook = await startOffhook(readConfig({ PORT: '0', ...patient, ...env }), {
    log: makeLogRecorder().log,
    onCallEvent: (_, event) => {
      events.push(event)
      arrived.emit('event')
    },
  })
  const said = (speaker: 'caller' | 'agent') =>
    events.flatMap((event) => (event.type === 'said' && event.speaker === speaker ? [event.text] : []))
  /** Resolves when there are the words of `turns` turns of a speaker: a pause between two sentences is no end. */
  const hasSaid = async (speaker: 'caller' | 'agent', turns: number) => {
    while (said(speaker).length < turns) await once(arrived, 'event')
  }
  const call = () => startSimulatedCall({ webhookUrl: `${offhook.publicUrl}/twilio/voice`, maxCallMs: 60_000 })
  return { events, said, hasSaid, call, [Symbol.asyncDispose]: () => offhook[Symbol.asyncDispose]() }
}

describe.concurrent('without any key', () => {
  it('a real human voice is understood, answered in speech, and can talk over the answer', {
    timeout: 60_000,
  }, async () => {
    await using house = await openWithoutKey({ AGENT_GREETING: 'Hello from the offline demo.' })
    await using call = house.call()
    /** Says it, and resolves when it is understood and the answer, the agent's `turn`th one, is heard. */
    const askAndHear = async (file: string, turn: number) => {
      await call.speak(speech(file))
      await house.hasSaid('caller', turn - 1)
      await house.hasSaid('agent', turn)
      await call.next('audio-heard')
    }
    await house.hasSaid('agent', 1)
    await call.next('audio-heard')
    await agentQuiet(call, 500)
    await askAndHear('for-two-friday-at-eight-thirty', 2)
    expect(house.said('caller')).toEqual(['for two friday at eight thirty'])
    for (let frames = 0; frames < 40; frames++) await call.next('audio-heard')
    const cleared = call.next('cleared')
    const asking = askAndHear('location', 3)
    const { atMs } = await cleared
    await asking
    await agentQuiet(call, 800)
    call.hangUp()
    await call.ended
    expect(house.said('caller')[1]).toMatch(/location/)
    const [greeting, booking, address] = house.said('agent')
    expect(greeting).toBe('Hello from the offline demo.')
    expect(booking).toMatch(/a table for two, on Friday/)
    expect(address).toMatch(/Harbour Street/)
    // From the clear until the next answer nothing is heard.
    expect(levelDbfs(heardBetween(call, atMs + 20, atMs + 400))).toBeLessThan(-60)
    expect(house.events.filter(({ type }) => type === 'barge-in')).toHaveLength(1)
  })

  it('it says in its own greeting that it is a demo, and one caller too many hears that all lines are busy', {
    timeout: 60_000,
  }, async () => {
    await using house = await openWithoutKey({ LOCAL_MAX_CALLS: '1' })
    await using first = house.call()
    await first.next('audio-heard')
    await using second = house.call()
    const busy = await second.next('verb', ({ verb }) => verb.type === 'say')
    expect(JSON.stringify(busy.verb)).toMatch(/busy/)
    await house.hasSaid('agent', 1)
    first.hangUp()
    await first.ended
    expect(house.said('agent')[0]).toMatch(/offline demo agent/)
  })
})
