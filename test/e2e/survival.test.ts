import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeMulaw } from '../../src/audio/g711.ts'
import { toneDbfs } from '../../src/audio/tone.ts'
import { systemClock } from '../../src/base/clock.ts'
import type { SimulatedCall } from '../../src/simulators/carrier/call.ts'
import { scriptedMinds } from '../../src/simulators/realtime/scripted-mind.ts'
import { startRealtimeServer } from '../../src/simulators/realtime/server.ts'
import { metricsOf } from '../workers/rig.ts'
import { API_KEY, type House, openHouse, say, wait } from './house.ts'

const refused = { refuseUpgrade: { status: 401, code: 'InvalidApiKey', message: 'No such key.' } } as const

/** Who answers first, and whoever takes over: told apart by their tones. */
const first = {
  turns: [{ transcript: 'Good morning' }],
  replies: [
    [
      { do: 'say', text: 'Hello!' },
      { do: 'tone', hz: 700, ms: 600 },
    ],
  ],
} as const
const second = { turns: [{ transcript: 'And now?' }], replies: [[{ do: 'tone', hz: 1500, ms: 600 }]] } as const

/** Speaks to whoever is there, and waits for their tone. */
async function exchange(call: SimulatedCall, hz: number): Promise<void> {
  await call.speak(say(400, 500))
  for (;;) {
    const { audio } = await call.next('audio-heard')
    if (toneDbfs(decodeMulaw(audio), 8000, hz) > -30) return
  }
}

/** Waits for an event of the call's own. */
async function recorded(house: House, call: SimulatedCall, type: string): Promise<void> {
  while (!house.eventsOf(call.callSid).some((event) => event.type === type)) await wait(10)
}

describe.concurrent('a model that dies in the middle of a call', () => {
  it('is followed by a new session of its own, which knows what was said', async () => {
    await using house = await openHouse({ script: ({ index }) => (index === 0 ? first : second) })
    const call = house.call()
    await exchange(call, 700)
    await recorded(house, call, 'heard')
    house.model.sessions[0]?.strike({ do: 'reset' })
    await recorded(house, call, 'provider-restored')
    await exchange(call, 1500)
    call.hangUp()
    expect(await house.ended(call)).toMatchObject({ reason: 'caller-hung-up' })
    expect(JSON.stringify(house.model.sessions[1]?.config)).toContain('Caller: Good morning\\nYou: Hello!')
    expect(house.model.sessions).toHaveLength(2)
  })

  it('is followed by the next one of the list, when it does not come back', async () => {
    await using other = await startRealtimeServer({
      dialect: 'openai',
      apiKey: API_KEY,
      makeMind: scriptedMinds(systemClock, second),
    })
    let faults = {}
    await using house = await openHouse({
      script: first,
      model: { faults: () => faults },
      env: { OPENAI_API_KEY: API_KEY, OPENAI_REALTIME_URL: other.url },
    })
    const call = house.call()
    await exchange(call, 700)
    await recorded(house, call, 'heard')
    faults = refused
    house.model.sessions[0]?.strike({ do: 'reset' })
    await recorded(house, call, 'provider-restored')
    await exchange(call, 1500)
    call.hangUp()
    expect(await house.ended(call)).toMatchObject({ reason: 'caller-hung-up' })
    expect(JSON.stringify(other.sessions[0]?.config)).toContain('Caller: Good morning\\nYou: Hello!')
    expect(house.eventsOf(call.callSid)).toContainEqual(
      expect.objectContaining({ type: 'provider-restored', provider: 'openai' }),
    )
  })

  it('leaves the caller to a human, when there is no other one', async () => {
    await using house = await openHouse({ model: { faults: refused }, env: { FALLBACK_NUMBER: '+15550100' } })
    const call = house.call({ dial: () => ({ status: 'completed', ringMs: 20, talkMs: 40 }) })
    expect(await call.next('dialled')).toMatchObject({ number: '+15550100', status: 'completed' })
    expect(await call.ended).toMatchObject({ by: 'server' })
    expect(await house.ended(call)).toMatchObject({ reason: 'provider-lost' })
  })
})

/** A way to the server that can be led to another one, as a balancer does when a machine is gone. */
async function openRoad() {
  let to = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const on = connect({ port: to, host: '127.0.0.1' })
    for (const [one, other] of [
      [socket, on],
      [on, socket],
    ] as const) {
      sockets.add(one)
      one.on('close', () => other.destroy()).on('error', () => other.destroy())
      one.pipe(other)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${port}`,
    lead: (url: string) => {
      to = Number(new URL(url).port)
      cut()
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      cut()
      await closed
    },
  }
}

describe.concurrent('a process that is gone', () => {
  it('is followed by another one with the same DATA_DIR, in which the agent knows what was said', async () => {
    await using scope = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'offhook-'))
    scope.defer(() => rm(folder, { recursive: true }))
    const road = scope.use(await openRoad())
    const env = {
      ...{ DATA_DIR: folder, PUBLIC_URL: 'https://voice.example.com', HOST: '127.0.0.1' },
      TWILIO_AUTH_TOKEN: 'the-token-of-the-account',
    }
    const one = scope.use(await openHouse({ env, script: first }))
    const two = scope.use(await openHouse({ env, script: second }))
    road.lead(one.offhook.url)
    const call = one.call({ connectTo: road.url })
    await exchange(call, 700)
    await recorded(one, call, 'heard')
    // What was said is kept a moment after it was.
    while ((await metricsOf(one.offhook))('offhook_store_queue') > 0) await wait(10)
    road.lead(two.offhook.url)
    await recorded(two, call, 'connected')
    expect(JSON.stringify(two.model.sessions[0]?.config)).toContain('Caller: Good morning\\nYou: Hello!')
    await exchange(call, 1500)
    call.hangUp()
    expect(await two.ended(call)).toMatchObject({ reason: 'caller-hung-up' })
    expect(two.eventsOf(call.callSid)[0]).toMatchObject({ type: 'answered', resumed: true })
  })
})

describe.concurrent('one caller too many', () => {
  const full = { MAX_CALLS: '1', FALLBACK_NUMBER: '+15550100' }

  it.each([
    ['say', 'say', 'again in a few minutes'],
    ['dial', 'dial', '+15550100'],
    ['queue', 'say', 'hold the line'],
  ])('gets what OVERFLOW=%s says, and comes in when there is room', async (plan, type, what) => {
    await using house = await openHouse({ model: {}, env: { ...full, OVERFLOW: plan } })
    const call = house.call()
    await recorded(house, call, 'connected')
    // Who balances us is not to turn away from the calls that are here.
    expect((await fetch(`${house.offhook.url}/readyz`)).status).toBe(200)
    const late = house.call()
    const { verb } = await late.next('verb')
    expect(verb.type).toBe(type)
    expect(JSON.stringify(verb)).toContain(what)
    late.hangUp()
    call.hangUp()
    await house.ended(call)
    while (house.offhook.liveCalls > 0) await wait(10)
    const next = house.call()
    await recorded(house, next, 'connected')
    expect(house.logged()).toContain('"refusal":"all-lines-busy"')
  })
})
