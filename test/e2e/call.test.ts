import { describe, expect, it } from 'vitest'
import { levelDbfs } from '../../src/audio/level.ts'
import { samplesOf } from '../../src/audio/pcm.ts'
import { toneDbfs } from '../../src/audio/tone.ts'
import type { CallEvent } from '../../src/call/events.ts'
import type { SimulatedCall } from '../../src/simulators/carrier/call.ts'
import type { Verb } from '../../src/simulators/carrier/twiml.ts'
import { arrearage, freeTierExhausted } from '../../src/simulators/realtime/faults.ts'
import { API_KEY, agentQuiet, type House, heardBetween, openHouse, say, wait } from './house.ts'

const turns = [{ transcript: 'Good morning' }, { transcript: 'Stop, I have a question' }]
const long = {
  replies: [
    [
      { do: 'say', text: 'Well' },
      { do: 'tone', hz: 700, ms: 6000 },
    ],
    [{ do: 'tone', hz: 1500, ms: 600 }],
  ],
  turns,
} as const

function eventsOf<T extends CallEvent['type']>(house: House, call: SimulatedCall, type: T) {
  return house.eventsOf(call.callSid).filter((event): event is Extract<CallEvent, { type: T }> => event.type === type)
}

/** Notes the verbs that the carrier runs. */
function verbsOf(call: SimulatedCall): Verb[] {
  const verbs: Verb[] = []
  call.listen((event) => event.type === 'verb' && verbs.push(event.verb))
  return verbs
}

describe.concurrent('a phone call to a model', () => {
  it('is a conversation: the model hears the caller, and the caller hears the answer', async () => {
    await using house = await openHouse({
      script: {
        turns,
        replies: [
          [
            { do: 'say', text: 'Hello!' },
            { do: 'tone', hz: 700, ms: 800 },
          ],
        ],
      },
    })
    const call = house.call()
    await call.speak(say(400, 1000))
    await call.next('audio-heard')
    await agentQuiet(call, 300)
    call.hangUp()
    expect(await call.ended).toMatchObject({ by: 'caller', status: 'completed' })
    const [session] = house.model.sessions
    const heard = samplesOf(session?.received.audio ?? new Uint8Array())
    expect(toneDbfs(heard.subarray(0, 16_000 * 1.1), 16_000, 400)).toBeGreaterThan(-15)
    const answer = heardBetween(call, 0)
    expect(toneDbfs(answer, 8000, 700)).toBeGreaterThan(-25)
    const said = eventsOf(house, call, 'said').map(({ speaker, text }) => `${speaker}: ${text}`)
    expect(said).toEqual(['caller: Good morning', 'agent: Hello!'])
    expect(eventsOf(house, call, 'heard')).toMatchObject([{ heardMs: 800, wholly: true }])
    expect(await house.ended(call)).toMatchObject({ reason: 'caller-hung-up' })
    // The call does not wait for the model's goodbye.
    while (session?.closed === undefined) await wait(10)
    expect(session.closed).toMatchObject({ code: 1000 })
  })

  it('goes straight through at 8 kHz where the operator asks for it and the model confirms it', async () => {
    const replies = [[{ do: 'tone' as const, hz: 700, ms: 800 }]]
    await using house = await openHouse({ script: { turns, replies }, env: { REALTIME_NARROWBAND: 'true' } })
    const call = house.call()
    await call.speak(say(400, 1000))
    await call.next('audio-heard')
    await agentQuiet(call, 300)
    call.hangUp()
    await house.ended(call)
    const heard = samplesOf(house.model.sessions[0]?.received.audio ?? new Uint8Array())
    expect(toneDbfs(heard.subarray(0, 8000), 8000, 400)).toBeGreaterThan(-15)
    expect(toneDbfs(heardBetween(call, 0), 8000, 700)).toBeGreaterThan(-25)
  })

  it('opens with the greeting, word for word when there is one', async () => {
    await using house = await openHouse({ script: long, env: { AGENT_GREETING: 'Good day, this is the garage.' } })
    const call = house.call()
    await call.next('audio-heard')
    call.hangUp()
    await call.ended
    const events = house.model.sessions[0]?.received.events.map(({ event }) => JSON.stringify(event)) ?? []
    expect(events.find((text) => text.includes('response.create'))).toContain(
      'Say exactly: Good day, this is the garage.',
    )
  })

  it.each([
    ['where our own ear decides who speaks', { BARGE_IN: 'local+model' }, true],
    ['where nobody does', { BARGE_IN: 'off' }, true],
    ['not where the model does', { BARGE_IN: 'model' }, false],
    ['not where the operator wants it to', { BARGE_IN: 'local+model', MODEL_INTERRUPTS: 'true' }, false],
  ])('asks the model not to stop an answer by itself %s', async (_, env, asked) => {
    await using house = await openHouse({ env })
    const call = house.call()
    await call.next('stream-started')
    call.hangUp()
    await house.ended(call)
    const updates = house.model.sessions[0]?.received.events.filter(({ type }) => type === 'session.update')
    expect(JSON.stringify(updates?.map(({ event }) => event)).includes('"interrupt_response":false')).toBe(asked)
  })

  it('lets the caller talk over an answer that is still being generated', async () => {
    await using house = await openHouse({
      script: long,
      model: { behaviour: { speedFactor: 1.2, interruption: { lateDeltas: 3 } } },
    })
    const call = house.call()
    await call.speak(say(400, 800))
    await call.next('audio-heard')
    await agentHeardFor(call, 800)
    const cleared = call.next('cleared')
    await call.speak(say(400, 700))
    const { atMs } = await cleared
    await call.next('audio-heard', (event) => event.atMs > atMs + 100)
    await agentQuiet(call, 300)
    call.hangUp()
    await call.ended
    const after = heardBetween(call, atMs + 20)
    expect(toneDbfs(after, 8000, 700)).toBeLessThan(-55)
    expect(toneDbfs(after, 8000, 1500)).toBeGreaterThan(-25)
    const [bargeIn] = eventsOf(house, call, 'barge-in')
    expect(bargeIn?.heardMs).toBeGreaterThan(700)
    expect(bargeIn?.heardMs).toBeLessThan(1600)
    const types = house.model.sessions[0]?.received.events.map(({ type }) => type)
    expect(types).toContain('response.cancel')
  })

  it('lets the caller talk over the tail of an answer that the model has long finished', async () => {
    await using house = await openHouse({ script: long, model: { behaviour: { speedFactor: 100 } } })
    const call = house.call()
    await call.speak(say(400, 800))
    await call.next('audio-heard')
    await agentHeardFor(call, 1000)
    expect(eventsOf(house, call, 'response-ended')).toHaveLength(1)
    const cleared = call.next('cleared')
    await call.speak(say(400, 700))
    const { atMs } = await cleared
    await call.next('audio-heard', (event) => event.atMs > atMs + 100)
    call.hangUp()
    await call.ended
    expect(toneDbfs(heardBetween(call, atMs + 20), 8000, 700)).toBeLessThan(-55)
    const [bargeIn] = eventsOf(house, call, 'barge-in')
    expect(bargeIn?.unheardMs).toBeGreaterThan(3000)
    expect(house.model.sessions[0]?.received.events.map(({ type }) => type)).not.toContain('response.cancel')
  })

  it('lets the caller go on before the answer has made a sound', async () => {
    const slow = {
      turns,
      replies: [
        [
          { do: 'say', text: 'So' },
          { do: 'pause', ms: 1500 },
          { do: 'tone', hz: 700, ms: 3000 },
        ],
        [{ do: 'tone', hz: 1500, ms: 600 }],
      ],
    } as const
    await using house = await openHouse({ script: slow })
    const call = house.call()
    await call.speak(say(400, 800))
    while (eventsOf(house, call, 'response-started').length === 0) await wait(20)
    await call.speak(say(400, 700))
    await call.next('audio-heard')
    await agentQuiet(call, 300)
    call.hangUp()
    await call.ended
    expect(toneDbfs(heardBetween(call, 0), 8000, 700)).toBeLessThan(-60)
    expect(toneDbfs(heardBetween(call, 0), 8000, 1500)).toBeGreaterThan(-30)
    expect(eventsOf(house, call, 'barge-in')).toMatchObject([{ heardMs: 0 }])
  })

  it('delivers what the caller said before the model was ready', async () => {
    await using house = await openHouse({ script: { turns }, model: { behaviour: { createdDelayMs: 1500 } } })
    const call = house.call()
    await call.speak(say(400, 1000))
    await agentQuiet(call, 1800)
    call.hangUp()
    await call.ended
    const heard = samplesOf(house.model.sessions[0]?.received.audio ?? new Uint8Array())
    expect(eventsOf(house, call, 'connected')[0]?.atMs).toBeGreaterThan(1400)
    expect(levelDbfs(heard.subarray(0, 16_000 * 0.9))).toBeGreaterThan(-14)
    expect(eventsOf(house, call, 'said')).toMatchObject([{ text: 'Good morning' }])
  })

  it('takes keys, and fills what the line lost with silence', async () => {
    await using house = await openHouse({ model: {} })
    const call = house.call({ faults: [{ type: 'lose', atMs: 400, ms: 500 }] })
    await call.next('stream-started')
    await call.speak(say(400, 1000))
    call.press('5')
    await agentQuiet(call, 200)
    call.hangUp()
    await call.ended
    expect(eventsOf(house, call, 'dtmf')).toMatchObject([{ digit: '5' }])
    // Half a second was lost, and the model's time goes on all the same.
    const heardMs = (house.model.sessions[0]?.received.audioBytes ?? 0) / 32
    const { atMs: lastedMs } = await house.ended(call)
    expect(Math.abs(heardMs - lastedMs)).toBeLessThan(150)
  })

  it('is checked: with a token only what is signed for the public address comes in', async () => {
    const env = {
      TWILIO_AUTH_TOKEN: 'the-token-of-the-account',
      PUBLIC_URL: 'https://voice.example.com',
      HOST: '127.0.0.1',
    }
    await using house = await openHouse({ script: long, env })
    const call = house.call()
    await call.speak(say(400, 600))
    await call.next('audio-heard')
    call.hangUp()
    expect(await call.ended).toMatchObject({ by: 'caller' })
    const forged = house.call({ authToken: 'the-token-of-a-stranger' })
    expect(await forged.ended).toMatchObject({ by: 'carrier' })
    expect(house.model.sessions).toHaveLength(1)
  })
})

/** Resolves when so much of the agent was heard [ms]. */
async function agentHeardFor(call: SimulatedCall, ms: number): Promise<void> {
  for (let frames = 0; frames * 20 < ms; frames++) await call.next('audio-heard')
}

describe.concurrent('a model that fails', () => {
  const apologised = async (call: SimulatedCall) => {
    const verbs = verbsOf(call)
    const end = await call.ended
    expect(verbs.map(({ type }) => type)).toEqual(['stream', 'say', 'hangup'])
    expect(end.by).toBe('server')
  }

  it('by refusing the key leaves the caller with an apology', async () => {
    await using house = await openHouse({ env: { DASHSCOPE_API_KEY: 'sk-another' } })
    const call = house.call()
    await apologised(call)
    expect(await house.ended(call)).toMatchObject({ reason: 'provider-lost', code: 'provider-refused' })
  })

  it('for want of money says so, also when its reason is longer than a frame may hold', async () => {
    for (const action of [arrearage, freeTierExhausted]) {
      await using house = await openHouse({
        script: long,
        model: { faults: { strikes: [{ at: 'response', afterDeltas: 0, ...action }] } },
      })
      const call = house.call()
      const apology = apologised(call)
      await call.speak(say(400, 600))
      await apology
      expect(await house.ended(call)).toMatchObject({ reason: 'provider-lost', code: 'provider-refused' })
    }
  })

  it('never has its key or the words of a call in the log', async () => {
    const [reply, ...others] = long.replies
    await using house = await openHouse({
      script: {
        turns,
        replies: [[{ do: 'say', text: 'Xyzzy, and so on and so forth, as ever. ' }, ...reply], ...others],
      },
      model: { faults: { strikes: [{ at: 'response', afterDeltas: 15, do: 'reset' }] } },
    })
    const call = house.call({ from: '+14155550111' })
    await call.speak(say(400, 600))
    while (eventsOf(house, call, 'provider-lost').length === 0) await wait(20)
    call.hangUp()
    await house.ended(call)
    const logged = house.logged()
    expect(logged).toContain(call.callSid)
    expect(eventsOf(house, call, 'heard')[0]?.heardText).toContain('Xyzzy')
    for (const secret of [API_KEY, 'Good morning', 'Xyzzy', '4155550111', 'token":"'])
      expect(logged).not.toContain(secret)
  })
})

describe.concurrent('a deploy', () => {
  it('turns new calls away kindly and lets a live one finish', async () => {
    await using house = await openHouse({ script: long })
    const live = house.call()
    await live.speak(say(400, 600))
    await live.next('audio-heard')
    const drained = house.offhook.drain(20_000)
    expect((await fetch(`${house.offhook.url}/readyz`)).status).toBe(503)
    expect((await fetch(`${house.offhook.url}/healthz`)).status).toBe(200)
    const late = house.call()
    const verbs = verbsOf(late)
    await late.ended
    expect(verbs.map(({ type }) => type)).toEqual(['say', 'hangup'])
    await agentHeardFor(live, 500)
    live.hangUp()
    await drained
    expect(await house.ended(live)).toMatchObject({ reason: 'caller-hung-up' })
  })

  it('waits for a call that is announced, and whose stream has still to come', async () => {
    await using house = await openHouse({ script: long })
    const call = house.call({ timing: { openMs: 300 } })
    await call.next('webhook-answered')
    const drained = house.offhook.drain(20_000)
    await call.speak(say(400, 600))
    await call.next('audio-heard')
    call.hangUp()
    await drained
    expect(await house.ended(call)).toMatchObject({ reason: 'caller-hung-up' })
  })

  it('hands over a call that is between two of its doors', async () => {
    const transfer = [
      [{ do: 'call', name: 'transfer_call', args: '{"destination":"sales"}' }],
      [{ do: 'tone', hz: 700, ms: 100 }],
    ] as const
    await using house = await openHouse({
      script: { turns, replies: transfer },
      env: { TRANSFER_TARGETS: 'sales=+15550100' },
    })
    const call = house.call({ dial: () => ({ status: 'busy', ringMs: 300 }) })
    await call.speak(say(400, 600))
    await call.next('verb', ({ verb }) => verb.type === 'dial')
    const drained = house.offhook.drain(0)
    // The human does not take it: somebody else's agent will hear of that.
    await call.next('verb', ({ verb }) => verb.type === 'redirect')
    await drained
    call.hangUp()
  })

  it('hands over calls that it cannot wait for', async () => {
    await using house = await openHouse({ script: long })
    const live = house.call()
    const verbs = verbsOf(live)
    await live.speak(say(400, 600))
    await live.next('audio-heard')
    await house.offhook.drain(0)
    await live.next('verb', ({ verb }) => verb.type === 'redirect')
    expect(verbs.map(({ type }) => type)).toEqual(['stream', 'pause', 'redirect'])
    live.hangUp()
    expect(await house.ended(live)).toMatchObject({ reason: 'shutdown' })
  })
})

describe.concurrent('a line that breaks', () => {
  it('while the model is still connecting is a lost carrier, not a caller who hung up: the call gets another stream', async () => {
    await using house = await openHouse({ model: { faults: { noSessionCreated: true } } })
    const call = house.call({ faults: [{ type: 'drop', atMs: 400 }] })
    const verbs = verbsOf(call)
    await call.next('stream-started')
    await call.next('stream-started')
    expect(eventsOf(house, call, 'ended')).toMatchObject([{ reason: 'carrier-lost', code: 'carrier-lost' }])
    expect(verbs.map(({ type }) => type)).toEqual(['stream', 'stream'])
    call.hangUp()
    expect(await house.ended(call)).toMatchObject({ reason: 'caller-hung-up' })
  })
})
