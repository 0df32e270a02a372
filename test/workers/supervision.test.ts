import { once } from 'node:events'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { decodeMulaw, encodeMulaw } from '../../src/audio/g711.ts'
import { tone, toneDbfs } from '../../src/audio/tone.ts'
import { heardBetween, wait } from '../e2e/house.ts'
import { eventually, openWorkerHouse } from './rig.ts'

const script = { replies: [[{ do: 'tone', hz: 700, ms: 20_000 }]], turns: [{ transcript: 'Good morning' }] } as const

it('an operator hears a call that a worker carries, speaks in it, and ends it', async () => {
  await using house = await openWorkerHouse({ script, env: { AGENT_GREETING: 'Hello' } })
  const { url } = house.offhook
  const call = house.call()
  await call.next('audio-heard')
  const command = async (wish: object) => {
    const headers = { 'content-type': 'application/json', origin: url, 'x-offhook': '1' }
    const path = `${url}/api/calls/${call.callSid}/commands`
    return (await fetch(path, { method: 'POST', headers, body: JSON.stringify(wish) })).json()
  }

  const line = new WebSocket(`${url.replace('http', 'ws')}/api/calls/${call.callSid}/audio`, { origin: url })
  await using _closed = { [Symbol.asyncDispose]: async () => line.terminate() }
  const heard: Record<number, Buffer[]> = { 0: [], 1: [] }
  line.on('message', (frame: Buffer) => heard[frame[0] ?? 0]?.push(frame.subarray(5)))
  await once(line, 'open')
  await eventually(() => Buffer.concat(heard[1] ?? []).length > 4000 && Buffer.concat(heard[0] ?? []).length > 4000)
  expect(toneDbfs(decodeMulaw(Buffer.concat(heard[1] ?? [])), 8000, 700)).toBeGreaterThan(-20)

  expect(await command({ type: 'take-over' })).toEqual({ outcome: 'done' })
  expect(await command({ type: 'take-over' })).toEqual({ outcome: 'not-now' })
  const fromMs = call.recordedMs + 200
  const voice = encodeMulaw(tone(1200, 1000, 8000))
  for (let at = 0; at < voice.length; at += 800) {
    line.send(voice.subarray(at, at + 800))
    await wait(100)
  }
  await eventually(() => toneDbfs(heardBetween(call, fromMs), 8000, 1200) > -25)
  expect(toneDbfs(heardBetween(call, fromMs), 8000, 700)).toBeLessThan(-40)

  const closed = once(line, 'close')
  expect(await command({ type: 'hang-up' })).toEqual({ outcome: 'done' })
  expect(await house.ended(call)).toMatchObject({ reason: 'operator-hung-up' })
  expect((await closed)[0]).toBe(1000)
  expect(await command({ type: 'hang-up' })).toEqual({ outcome: 'no-call' })
})
