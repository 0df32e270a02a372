import { expect, it } from 'vitest'
import { say } from '../e2e/house.ts'
import { eventually, openWorkerHouse } from './rig.ts'

const first = {
  turns: [{ transcript: 'A human, please' }],
  replies: [
    [{ do: 'call', name: 'transfer_call', args: '{"destination":"sales"}' }],
    [
      { do: 'say', text: 'One moment' },
      { do: 'tone', hz: 500, ms: 300 },
    ],
  ],
} as const
const second = {
  turns: [{ transcript: 'Then send the digits' }],
  replies: [
    [{ do: 'tone', hz: 700, ms: 200 }],
    [{ do: 'call', name: 'send_dtmf', args: '{"digits":"1w2"}' }],
    [{ do: 'tone', hz: 700, ms: 100 }],
  ],
} as const
const third = { replies: [[{ do: 'tone', hz: 900, ms: 400 }]] } as const

it('a caller who is transferred in vain, and for whom digits are sent, is each time back with an agent that knows, whichever process it is in', async () => {
  await using house = await openWorkerHouse({
    script: ({ index }) => [first, second][index] ?? third,
    env: { TRANSFER_TARGETS: 'sales=+15550100', AGENT_TOOLS: 'end_call,send_dtmf' },
  })
  const call = house.call({ dial: () => ({ status: 'busy', ringMs: 50 }) })
  const instructions = (index: number) => JSON.stringify(house.model.sessions[index]?.config)
  const urls: string[] = []
  call.listen((event) => {
    if (event.type === 'stream-started') urls.push(event.url)
  })
  void call.speak(say(400, 400))
  expect(await call.next('dialled')).toMatchObject({ number: '+15550100', callerId: '+14155550123', status: 'busy' })
  await call.next('audio-heard')
  expect(instructions(1)).toContain('nobody took the call (busy)')
  expect(instructions(1)).toContain('Caller: A human, please\\nYou: One moment')
  void call.speak(say(400, 400))
  const played = await call.next('verb', ({ verb }) => verb.type === 'play')
  expect(played).toMatchObject({ verb: { digits: '1w2' } })
  await call.next('audio-heard')
  expect(instructions(2)).toContain('Caller: A human, please\\nYou: One moment')
  expect(instructions(2)).toContain('Caller: Then send the digits')
  // Each was opened once, by the process that its stream came to.
  expect(house.model.sessions).toHaveLength(3)
  expect(urls.map((url) => url.at(-1))).toEqual(['1', '2', '1'])
  call.hangUp()
  expect(await house.ended(call)).toMatchObject({ reason: 'caller-hung-up' })
  await eventually(async () => String(await house.sockets()) === '0,0')
})
