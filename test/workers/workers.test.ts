import { Agent, request } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { decodeMulaw, encodeMulaw } from '../../src/audio/g711.ts'
import { levelDbfs } from '../../src/audio/level.ts'
import { samplesOf } from '../../src/audio/pcm.ts'
import { tone, toneDbfs } from '../../src/audio/tone.ts'
import { agentQuiet, heardBetween, say, wait } from '../e2e/house.ts'
import { eventually, isAlive, metricsOf, openWorkerHouse, speech, startPhones } from './rig.ts'

type WorkerHouse = Awaited<ReturnType<typeof openWorkerHouse>>

const answer = { replies: [[{ do: 'tone', hz: 700, ms: 800 }]], turns: [{ transcript: 'Good morning' }] } as const
const long = { replies: [[{ do: 'tone', hz: 700, ms: 20_000 }]], turns: [{ transcript: 'Good morning' }] } as const

const energy = (samples: Int16Array) => samples.reduce((sum, sample) => sum + sample * sample, 0)

/** Calls from bare phones, one after another: each is answered before the next is placed. */
async function dial(house: WorkerHouse, callSids: readonly string[]) {
  const phones = []
  for (const callSid of callSids) {
    const { token, path } = await house.announce(callSid)
    const phone = await house.connect(path)
    phone.start(token, { callSid })
    const answered = eventually(() => house.eventsOf(callSid).length > 0)
    await Promise.race([
      answered,
      phone.closed.then((code) => expect.fail(`${callSid} closed: ${code}; ${house.logged()}`)),
    ])
    phones.push(phone)
  }
  return phones
}

describe.concurrent('a call that a worker carries', () => {
  it('is a conversation on real speech, and no word is lost', async () => {
    await using house = await openWorkerHouse({ script: answer })
    const calls = [house.call(), house.call()]
    await Promise.all(
      calls.map(async (call) => {
        await call.speak(speech('hello-hours'))
        await call.next('audio-heard')
        await agentQuiet(call, 300)
        call.hangUp()
        await call.ended
      }),
    )
    for (const call of calls) {
      expect(await house.ended(call)).toMatchObject({ reason: 'caller-hung-up' })
      expect(toneDbfs(heardBetween(call, 0), 8000, 700)).toBeGreaterThan(-40)
      const types = house.eventsOf(call.callSid).map(({ type }) => type)
      expect(types).toEqual(expect.arrayContaining(['answered', 'connected', 'agent-audible', 'said', 'heard']))
      expect(types.filter((type) => type === 'ended')).toHaveLength(1)
    }
    const spoken = calls.map((call) => energy(decodeMulaw(call.recording().caller)))
    // A lost frame of the words would be missing about one percent.
    for (const { received } of house.model.sessions) {
      const heard = energy(samplesOf(received.audio)) / 2
      expect(Math.min(...spoken.map((said) => Math.abs(heard / said - 1)))).toBeLessThan(0.001)
    }
    const load = await metricsOf(house.offhook)
    expect(load('offhook_calls_ended_total{reason="caller-hung-up"}')).toBe(2)
  })
})

describe.concurrent('calls over workers', () => {
  it('are spread evenly: each goes to the one with the fewest, also when calls end unevenly', async () => {
    await using house = await openWorkerHouse({ model: {} })
    const phones = await dial(house, ['CA1', 'CA2', 'CA3', 'CA4', 'CA5', 'CA6'])
    expect(await house.live()).toEqual([3, 3])
    for (const n of [0, 2]) phones[n]?.socket.close(1000)
    await eventually(async () => String(await house.sockets()) === '1,3')
    await dial(house, ['CA7', 'CA8'])
    expect(await house.live()).toEqual([3, 3])
    expect(house.offhook.liveCalls).toBe(6)
  })

  it('are expected where their stream goes: the model is open before it, once, and a burst is spread evenly', async () => {
    await using house = await openWorkerHouse({ model: {} })
    const callSids = ['CA1', 'CA2', 'CA3', 'CA4', 'CA5', 'CA6']
    const calls = await Promise.all(callSids.map((callSid) => house.announce(callSid)))
    expect(calls.map(({ path }) => path).sort()).toEqual([1, 1, 1, 2, 2, 2].map((worker) => `/twilio/media/${worker}`))
    await eventually(() => house.model.sessions.length === 6)
    const phones = await Promise.all(calls.map(({ path }) => house.connect(path)))
    for (const [n, { callSid, token }] of calls.entries()) phones[n]?.start(token, { callSid })
    await eventually(() =>
      callSids.every((callSid) => house.eventsOf(callSid).some(({ type }) => type === 'connected')),
    )
    expect(await house.live()).toEqual([3, 3])
    // Nobody opened another one.
    expect(house.model.sessions).toHaveLength(6)
    // Two leave the first: it is given as many more, and not the whole next burst.
    for (const phone of phones.filter((_, n) => calls[n]?.path.endsWith('/1')).slice(1)) phone.socket.close(1000)
    await eventually(async () => String(await house.sockets()) === '1,3')
    const more = await Promise.all(['CB1', 'CB2', 'CB3', 'CB4'].map((callSid) => house.announce(callSid)))
    expect(more.filter(({ path }) => path.endsWith('/1'))).toHaveLength(3)
    // One that comes by a path that nobody gave it is answered too.
    const stray = await house.connect('/twilio/media/9')
    stray.start(more[0]?.token, { callSid: 'CB1' })
    await eventually(() => house.eventsOf('CB1').some(({ type }) => type === 'connected'))
  })

  it('share one webhook connection: it does not matter which worker a request is about', async () => {
    await using house = await openWorkerHouse({ model: {} })
    const [one, two] = await dial(house, ['CA1', 'CA2'])
    expect(await house.live()).toEqual([1, 1])
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const next = (callSid: string) =>
      new Promise<{ body: string; reused: boolean }>((resolve, reject) => {
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        const post = request(
          `${house.offhook.url}/twilio/next`,
          { method: 'POST', agent, headers },
          async (response) => {
            const chunks = await Array.fromAsync(response)
            resolve({ body: chunks.join(''), reused: post.reusedSocket })
          },
        )
        post.on('error', reject)
        post.end(new URLSearchParams({ CallSid: callSid, CallStatus: 'in-progress' }).toString())
      })
    const first = await next('CA1')
    const second = await next('CA2')
    agent.destroy()
    expect([first.reused, second.reused]).toEqual([false, true])
    // The sockets look open to us and Twilio says that they are not: both calls are told, each in its own process.
    for (const { body } of [first, second]) expect(body).toContain('something went wrong')
    expect([await one?.closed, await two?.closed]).toEqual([1000, 1000])
  })

  it('cannot be stolen: a token that was used with one worker is refused by the other', async () => {
    await using house = await openWorkerHouse({ model: {} })
    const { token, path } = await house.announce('CA1')
    const first = await house.connect(path)
    first.start(token, { callSid: 'CA1' })
    await eventually(async () => String(await house.live()) === '1,0')
    const thief = await house.connect('/twilio/media/2')
    thief.start(token, { callSid: 'CA1' })
    expect(await thief.closed).toBe(1008)
    expect(first.socket.readyState).toBe(first.socket.OPEN)
    expect(await house.live()).toEqual([1, 0])
  })

  it('have one stream each: a new one with another worker ends the old one', async () => {
    await using house = await openWorkerHouse({ model: {} })
    const [old] = await dial(house, ['CA1'])
    const { token, path } = await house.announce('CA1')
    const again = await house.connect(path)
    again.start(token, { callSid: 'CA1' })
    // It would be lost for being silent too, much later.
    const speaking = setInterval(() => old?.say(new Uint8Array(160)), 500)
    expect(await old?.closed).toBe(1000)
    clearInterval(speaking)
    await eventually(async () => String(await house.live()) === '0,1')
    expect(again.socket.readyState).toBe(again.socket.OPEN)
  })

  it('are drained together: live ones go on, new ones are turned away, and who is stopped is handed over', async () => {
    await using house = await openWorkerHouse({ script: long })
    const calls = [house.call(), house.call()]
    for (const call of calls) {
      void call.speak(say(400, 400))
      await call.next('audio-heard')
    }
    expect(await house.live()).toEqual([1, 1])
    const drained = house.offhook.drain(1200)
    expect((await fetch(`${house.offhook.url}/readyz`)).status).toBe(503)
    expect(await (await house.post('/twilio/voice', 'CAlate')).text()).toContain('busy')
    const [leaves, stays] = calls
    for (let frames = 0; frames < 20; frames++) await leaves?.next('audio-heard')
    leaves?.hangUp()
    await stays?.next('verb', ({ verb }) => verb.type === 'redirect')
    await drained
    if (leaves === undefined || stays === undefined) throw new TypeError('there are two calls')
    expect(house.eventsOf(leaves.callSid).at(-1)).toMatchObject({ type: 'ended', reason: 'caller-hung-up' })
    expect(house.eventsOf(stays.callSid).at(-1)).toMatchObject({ type: 'ended', reason: 'shutdown' })
    expect(house.offhook.liveCalls).toBe(0)
  })
})

describe.concurrent('calls that are announced when the house is drained', () => {
  it('are waited for, and answered', async () => {
    await using house = await openWorkerHouse({ model: {} })
    const { callSid, path, token } = await house.announce('CA1')
    let isDrained = false
    const drained = house.offhook.drain(20_000).then(() => {
      isDrained = true
    })
    const phone = await house.connect(path)
    phone.start(token, { callSid })
    await eventually(() => house.eventsOf(callSid).some(({ type }) => type === 'connected'))
    expect(isDrained).toBe(false)
    phone.stop(callSid)
    await drained
    expect(house.eventsOf(callSid).at(-1)).toMatchObject({ reason: 'caller-hung-up' })
  })
})

describe.concurrent('a worker that dies', () => {
  it('leaves its callers to another one, which knows what was said, and the others alone, and is there again', async () => {
    await using house = await openWorkerHouse({ script: long })
    const calls = [house.call(), house.call()]
    for (const call of calls) {
      void call.speak(say(400, 400))
      await call.next('audio-heard')
    }
    await eventually(() => calls.every(({ callSid }) => house.eventsOf(callSid).some(({ type }) => type === 'said')))
    const [lost, kept] = calls
    if (lost === undefined || kept === undefined) throw new TypeError('there are two calls')
    const pid = house.pids().get('1') ?? 0
    process.kill(pid, 'SIGKILL')
    const { url } = await lost.next('stream-started')
    expect(url).toMatch(/\/2$/)
    const memory = () => JSON.stringify(house.model.sessions[2]?.config ?? {})
    await eventually(() => memory().includes('Caller: Good morning'))
    void lost.speak(say(400, 400))
    await lost.next('audio-heard')
    const events = house.eventsOf(lost.callSid)
    expect(events.filter(({ type }) => type === 'ended')).toMatchObject([{ reason: 'carrier-lost' }])
    expect(events.filter(({ type }) => type === 'answered')).toMatchObject([{}, { resumed: true }])
    expect((await fetch(`${house.offhook.url}/readyz`)).status).toBe(200)
    await kept.next('audio-heard')
    await eventually(async () => (await metricsOf(house.offhook))('offhook_worker_ready{worker="1"}') === 1)
    expect(house.pids().get('1')).not.toBe(pid)
    const next = house.call()
    void next.speak(say(400, 400))
    await next.next('audio-heard')
    expect(await house.live()).toEqual([1, 2])
    expect((await metricsOf(house.offhook))('offhook_worker_deaths_total{worker="1"}')).toBe(1)
    expect((await metricsOf(house.offhook))('offhook_calls_resumed_total{why="line-broke"}')).toBe(1)
    expect(house.logged().match(/its calls go on in another one/g)).toHaveLength(1)
  })

  it('or only stands still for a moment is late, and the house takes no new calls while one of its processes is', async () => {
    await using house = await openWorkerHouse({ model: {}, env: { MAX_LAG_MS: '1000' } })
    const pid = house.pids().get('2') ?? 0
    process.kill(pid, 'SIGSTOP')
    await wait(1300)
    process.kill(pid, 'SIGCONT')
    let calls = 0
    await eventually(async () => (await (await house.post('/twilio/voice', `CA${++calls}`)).text()).includes('busy'))
    expect((await fetch(`${house.offhook.url}/readyz`)).status).toBe(200)
    expect(house.logged()).toContain('"refusal":"lagging"')
  })

  it('between the webhook and the stream is replaced by one that opens the model itself', async () => {
    await using house = await openWorkerHouse({ model: {} })
    const { callSid, path, token } = await house.announce('CA1')
    expect(path).toBe('/twilio/media/1')
    await eventually(() => house.model.sessions.length === 1)
    process.kill(house.pids().get('1') ?? 0, 'SIGKILL')
    await eventually(() => house.logged().includes('its calls go on in another one'))
    const phone = await house.connect(path)
    phone.start(token, { callSid })
    await eventually(() => house.eventsOf(callSid).some(({ type }) => type === 'connected'))
    expect(house.offhook.liveCalls).toBe(1)
    expect(phone.socket.readyState).toBe(phone.socket.OPEN)
  })

  it('is missed while none is left: not ready, callers hear that all lines are busy', async () => {
    await using house = await openWorkerHouse({ model: {}, env: { WORKERS: '2' } })
    for (const pid of house.pids().values()) process.kill(pid, 'SIGKILL')
    await eventually(async () => (await fetch(`${house.offhook.url}/readyz`)).status === 503)
    expect(await (await house.post('/twilio/voice', 'CAlate')).text()).toContain('busy')
    await eventually(async () => (await fetch(`${house.offhook.url}/readyz`)).status === 200)
    await dial(house, ['CA1'])
  })
})

it('a call that is on its way to a worker that dies is not left hanging', async () => {
  await using house = await openWorkerHouse({ model: {} })
  const pids = [...house.pids().values()]
  // They take nothing any more: of two sockets for each, one is in its channel, and one waits in ours.
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  const phones = Array.from({ length: 4 }, () => house.knock())
  await eventually(async () => String(await house.sockets()) === '2,2')
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  expect(await Promise.all(phones.map(({ closed }) => closed))).toEqual([1006, 1006, 1006, 1006])
})

it('nothing is left of the workers when the house is closed', async () => {
  const house = await openWorkerHouse({ model: {} })
  await dial(house, ['CA1'])
  const pids = [...house.pids().values()]
  expect(pids.map(isAlive)).toEqual([true, true])
  await house[Symbol.asyncDispose]()
  expect(pids.map(isAlive)).toEqual([false, false])
})

// Alone: it keeps the thread of all tests busy.
it('a call is heard from its first frame, however many begin at once and however busy the reception is', async () => {
  await using house = await openWorkerHouse({ model: {} })
  const CALLS = 24
  const FRAMES = 10
  const callSids = Array.from({ length: CALLS }, (_, n) => `CAfirst${n}`)
  const calls = await Promise.all(callSids.map((callSid) => house.announce(callSid)))
  await using phones = startPhones(house.offhook.url, calls, [
    encodeMulaw(tone(1000, 20, 8000)),
    ...Array.from({ length: FRAMES - 1 }, () => new Uint8Array(160).fill(0xff)),
  ])
  // It looks at its sockets only now and then: what a caller sends after the handshake must not wait there.
  while (!phones.allHaveSpoken()) {
    const untilMs = performance.now() + 20
    while (performance.now() < untilMs);
    await setImmediate()
  }
  const all = () => house.model.sessions
  // The resampler may hold back a few samples of the last frame.
  const enough = (FRAMES - 1) * 640
  await eventually(() => all().length === CALLS && all().every(({ received }) => received.audioBytes >= enough))
  for (const { received } of all()) {
    const first = samplesOf(received.audio).subarray(0, 16 * 24)
    expect(levelDbfs(first)).toBeGreaterThan(-20)
  }
  expect(await house.live()).toEqual([CALLS / 2, CALLS / 2])
})
