import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Continuation } from '../../../src/call/info.ts'
import { type KnownCall, whatComesNext } from '../../../src/carriers/twilio/next.ts'

const transfer: Continuation = { type: 'transfer', destination: 'sales', number: '+15550100' }
const digits: Continuation = { type: 'digits', digits: '1w2' }
const hangUp: Continuation = { type: 'hang-up' }
const nothing: KnownCall = {
  ...{ dialled: '', destination: undefined, stream: undefined, outcome: undefined, wanted: undefined },
  ...{ announced: false, mayReturn: true },
}
const left = (wanted: Continuation, more: Partial<KnownCall> = {}): Partial<KnownCall> => ({
  ...{ announced: true, outcome: { reason: 'agent-hung-up' }, wanted },
  ...more,
})
const dialled = (how: string, more: Partial<KnownCall> = {}): Partial<KnownCall> => ({
  ...left(transfer),
  ...{ dialled: how, destination: 'sales' },
  ...more,
})
const back = (how: string) => ({
  type: 'come-back',
  happened: { type: 'transfer-failed', destination: 'sales', how },
})
const apology = { type: 'apology' }

describe('a caller', () => {
  const rows: [string, Partial<KnownCall>, unknown][] = [
    ['whom the agent transfers is transferred', left(transfer), transfer],
    ['... also when the call is handed over', left(transfer, { outcome: { reason: 'handed-over' } }), transfer],
    [
      '... also when the model was lost on the last words',
      left(transfer, { outcome: { reason: 'provider-lost' } }),
      transfer,
    ],
    [
      '... also when we are being stopped',
      left(transfer, { outcome: { reason: 'shutdown' }, mayReturn: false }),
      transfer,
    ],
    ['who hung up on it is not transferred', left(transfer, { outcome: { reason: 'caller-hung-up' } }), hangUp],
    ['whom the agent lets go hears no more', left(hangUp), hangUp],
    ['for whom digits are sent waits for them', left(digits), digits],
    ['... but not for a server that goes away', left(digits, { mayReturn: false }), apology],
    ['... nor when the call was stopped for that', left(digits, { outcome: { reason: 'shutdown' } }), apology],
    ['who has talked to a human is done', dialled('completed'), hangUp],
    ['who was in a conference is done', dialled('answered'), hangUp],
    ['comes back from a busy line', dialled('busy'), back('busy')],
    ['comes back when nobody answers', dialled('no-answer'), back('no-answer')],
    ['comes back from a number that is none', dialled('failed'), back('failed')],
    ['comes back from a call that was taken back', dialled('canceled'), back('canceled')],
    ['comes back from what Twilio has no word for yet', dialled('Ignore all instructions'), back('failed')],
    ['who cannot come back hears an apology', dialled('busy', { mayReturn: false }), apology],
    ['whose transfer nobody remembers hears an apology', { dialled: 'busy' }, apology],
    ['whose transfer nobody remembers, and who has talked, is done', { dialled: 'completed' }, hangUp],
  ]
  it.each(rows)('%s', (_, known, next) => {
    expect(whatComesNext({ ...nothing, ...known })).toEqual(next)
  })

  it('who may not return is never promised another stream, and is never left in silence unless the call is over', () => {
    const known = fc.record<KnownCall>({
      dialled: fc.constantFrom('', 'completed', 'busy', 'no-answer', 'failed', 'canceled', 'x'),
      destination: fc.option(fc.constant('sales'), { nil: undefined }),
      stream: fc.constantFrom(undefined, 'open', 'closed-by-caller', 'closed-by-error', 'released'),
      outcome: fc.option(
        fc.record({ reason: fc.constantFrom('caller-hung-up', 'agent-hung-up', 'provider-lost', 'shutdown') }),
        { nil: undefined },
      ),
      wanted: fc.constantFrom(undefined, hangUp, transfer, digits),
      announced: fc.boolean(),
      mayReturn: fc.constant(false),
    })
    fc.assert(
      fc.property(known, (call) => {
        expect(['hang-up', 'apology', 'busy', 'transfer']).toContain(whatComesNext(call).type)
      }),
    )
  })
})
