import { randomBytes } from 'node:crypto'
import { CarrierCall } from './carrier-call.ts'
import type { CarrierSetup, Order } from './messages.ts'
import { Pacer } from './pacer.ts'
import { obey, setup, tell } from './peer.ts'
import { Recogniser } from './recogniser.ts'
import { carrierHears } from './vocabulary.ts'
import { announce } from './webhook.ts'

/*
 * The simulated carrier as a process of its own: as many calls as it is told, each a media stream that follows Media
 * Streams to the letter and does nothing more. The rich one is src/simulators/carrier.
 */
const { target, dialect } = setup<CarrierSetup>()
const pacer = new Pacer(20)
const recogniser = new Recogniser(carrierHears(dialect))
const accountSid = `AC${randomBytes(16).toString('hex')}`
const calls: CarrierCall[] = []

async function open(index: number): Promise<void> {
  const callSid = `CA${randomBytes(16).toString('hex')}`
  const address = target.startsWith('http')
    ? await announce(target, callSid, accountSid)
    : { url: target, parameters: {} }
  const lost = (message: string) => tell({ type: 'failed', message })
  const call = await CarrierCall.open({ accountSid, callSid }, address, recogniser, lost)
  calls.push(call)
  pacer.add((nowMs) => call.tick(nowMs))
  tell({ type: 'opened', call: index })
}

function hush(): void {
  for (const call of calls) call.hush()
  const look = setInterval(() => {
    if (!calls.every((call) => call.isHushed)) return
    clearInterval(look)
    tell({ type: 'hushed' })
  }, 10)
}

function hangUp(): void {
  for (const call of calls) call.hangUp()
  tell({ type: 'hung-up' })
}

async function handle(order: Order): Promise<void> {
  if (order.type === 'open') await open(order.call)
  else if (order.type === 'hush') hush()
  else if (order.type === 'hang-up') hangUp()
  else tell({ type: 'report', calls: calls.map((call) => call.log()), lags: pacer.lags })
}

obey(handle)
