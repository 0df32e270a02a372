import type { SimulatedCall } from '../../src/simulators/carrier/call.ts'
import type { Script } from '../../src/simulators/realtime/scripted-mind.ts'
import { agentQuiet, type House, say } from '../e2e/house.ts'

/** What is said in `talk`. */
export const words = {
  asked: 'A table for two on Friday, please.',
  offered: 'Certainly. For Friday I have a table at seven, and another one at half past eight by the window.',
  chose: 'Half past eight.',
  booked: 'Thank you, it is booked.',
}

/** A model that has half a conversation about a table, with a long answer to talk over and a tool that fails: there is no kitchen. */
export const bookingScript: Script = {
  turns: [{ transcript: words.asked }, { transcript: words.chose }],
  replies: [
    [
      { do: 'say', text: words.offered },
      { do: 'tone', hz: 700, ms: 8000 },
    ],
    [{ do: 'call', name: 'transfer_call', args: '{"destination":"kitchen"}' }],
    [
      { do: 'say', text: words.booked },
      { do: 'tone', hz: 900, ms: 600 },
    ],
  ],
}

/** Settings for `bookingScript`. */
export const bookingEnv = { TRANSFER_TARGETS: 'front desk=+15550100' }

/** Asks, hears two seconds of the answer, talks over it, hears that it is booked, and hangs up. */
export async function talk(house: House, from = '+14155550123'): Promise<SimulatedCall> {
  const call = await talkOver(house, from)
  await agentQuiet(call, 600)
  call.hangUp()
  await house.ended(call)
  return call
}

/** The same up to its last answer, which is being heard. */
export async function talkOver(house: House, from = '+14155550123'): Promise<SimulatedCall> {
  // So long that it outlives every test that looks at it.
  const call = house.call({ from, maxCallMs: 600_000 })
  await call.speak(say(400, 1000))
  const { atMs } = await call.next('audio-heard')
  await call.next('audio-heard', (event) => event.atMs > atMs + 2000)
  const cleared = call.next('cleared')
  const spoken = call.speak(say(400, 1000))
  await cleared
  await spoken
  await call.next('audio-heard')
  return call
}
