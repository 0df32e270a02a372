import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EndReason } from '../../../src/call/events.ts'
import type { Continuation } from '../../../src/call/info.ts'
import { type KnownCall, whatComesNext } from '../../../src/carriers/twilio/next.ts'

const transfer: Continuation = { type: 'transfer', destination: 'sales', number: '+15550100' }
const digits: Continuation = { type: 'digits', digits: '1w2' }
const hangUp: Continuation = { type: 'hang-up' }
const nothing: KnownCall = {
  ...{ over: false, dialled: '', lastWords: undefined, destination: undefined, stream: undefined },
  ...{ outcome: undefined, wanted: undefined, promised: false, mayReturn: true, mayRecover: true },
  ...{ goingDown: false, mayHandOver: true, hasFallback: false },
}
const left = (wanted: Continuation | undefined, more: Partial<KnownCall> = {}): Partial<KnownCall> => ({
  ...{ promised: true, outcome: { reason: 'agent-hung-up' }, wanted },
  ...more,
})
const ended = (reason: EndReason, more: Partial<KnownCall> = {}): Partial<KnownCall> =>
  left(undefined, { outcome: { reason }, ...more })
const dialled = (how: string, more: Partial<KnownCall> = {}): Partial<KnownCall> => ({
  ...left(transfer),
  ...{ dialled: how, destination: 'sales' },
  ...more,
})
const back = (how: string) => ({
  ...{ type: 'come-back', counted: false },
  happened: { type: 'transfer-failed', destination: 'sales', how },
})
const apology = { type: 'words', words: 'apology' }
const handOver = { type: 'hand-over' }
const broke = { type: 'come-back', counted: true, happened: { type: 'line-broke' } }
const stopped = { ...broke, counted: false }

describe('a caller', () => {
  const rows: [string, Partial<KnownCall>, unknown][] = [
    ['whom the agent transfers is transferred', left(transfer), transfer],
    ['... also when the call is handed over', left(transfer, { outcome: { reason: 'handed-over' } }), transfer],
    [
      '... also when the model was lost on the last words',
      left(transfer, { outcome: { reason: 'provider-lost' } }),
      transfer,
    ],
    ['... also when we are going down', left(transfer, { outcome: { reason: 'shutdown' }, goingDown: true }), transfer],
    ['who hung up on it is not transferred', left(transfer, { outcome: { reason: 'caller-hung-up' } }), hangUp],
    ['whom the agent lets go hears no more', left(hangUp), hangUp],
    ['for whom digits are sent waits for them', left(digits), digits],
    ['... by another process when we are going down', left(digits, { goingDown: true }), handOver],
    ['... but not again and again', left(digits, { mayReturn: false }), apology],
    ['who has talked to a human is done', dialled('completed'), hangUp],
    ['who was in a conference is done', dialled('answered'), hangUp],
    ['comes back from a busy line', dialled('busy'), back('busy')],
    ['comes back when nobody answers', dialled('no-answer'), back('no-answer')],
    ['comes back from a number that is none', dialled('failed'), back('failed')],
    ['comes back from a call that was taken back', dialled('canceled'), back('canceled')],
    ['comes back from what Twilio has no word for yet', dialled('Ignore all instructions'), back('failed')],
    ['comes back from a transfer although the line broke often', dialled('busy', { mayRecover: false }), back('busy')],
    ['who cannot come back from it hears an apology', dialled('busy', { mayReturn: false }), apology],
    ['who comes back from it while we go down, does so elsewhere', dialled('busy', { goingDown: true }), handOver],
    ['whose transfer nobody remembers comes back all the same', { dialled: 'busy' }, broke],
    ['whose transfer nobody remembers, and who has talked, is done', { dialled: 'completed' }, hangUp],
    ['whom somebody at the fallback number took is done', { dialled: 'completed', lastWords: 'busy' }, hangUp],
    ['whom nobody took there hears why', { dialled: 'busy', lastWords: 'busy' }, { type: 'words', words: 'busy' }],
    ['... also when Twilio does not say how it went', { lastWords: 'apology' }, apology],
    ['whose call is over for Twilio is done, whatever else', { ...dialled('busy'), over: true }, hangUp],
    ['whose line broke comes back', ended('carrier-lost'), broke],
    ['... a few times', ended('carrier-lost', { mayRecover: false }), apology],
    ['... elsewhere when we are going down', ended('carrier-lost', { goingDown: true }), handOver],
    ['whose stream was closed without `stop` comes back', { promised: true, stream: 'closed' }, broke],
    ['whose stream broke comes back', { promised: true, stream: 'broken' }, broke],
    ['whose stream is silent comes back', { promised: true, stream: 'silent' }, broke],
    ['whose stream looks open comes back', { promised: true, stream: 'open' }, broke],
    ['who hung up a moment ago is done', { promised: true, stream: 'stopped' }, hangUp],
    ['whom we hung up on a moment ago is done', { promised: true, stream: 'released' }, hangUp],
    ['whose stream never came gets another', { promised: true }, broke],
    ['... a few times', { promised: true, mayRecover: false }, apology],
    ['whose process was stopped comes back, however often', ended('shutdown', { mayRecover: false }), stopped],
    ['... elsewhere when it was this one', ended('shutdown', { goingDown: true }), handOver],
    ['... for whom nobody else is there', ended('shutdown', { goingDown: true, mayHandOver: false }), apology],
    ['whose model was lost for good hears an apology', ended('provider-lost'), apology],
    ['whom nobody knows is hung up', {}, hangUp],
  ]
  it.each(rows)('%s', (_, known, next) => {
    expect(whatComesNext({ ...nothing, ...known })).toEqual(next)
  })

  it.each<[string, Partial<KnownCall>, string]>([
    ['whose model was lost for good', ended('provider-lost'), 'apology'],
    [
      'whose model is out of calls',
      left(undefined, { outcome: { reason: 'provider-lost', code: 'provider-busy' } }),
      'busy',
    ],
    ['whose line broke too often', ended('carrier-lost', { mayRecover: false }), 'apology'],
    ['who goes round in circles', left(digits, { mayReturn: false }), 'apology'],
    ['whom no other process takes', ended('shutdown', { goingDown: true, mayHandOver: false }), 'apology'],
  ])('%s is put through to the fallback number, where there is one, else hears why', (_, known, words) => {
    expect(whatComesNext({ ...nothing, ...known, hasFallback: true })).toEqual({ type: 'fall-back', words })
    expect(whatComesNext({ ...nothing, ...known })).toEqual({ type: 'words', words })
  })

  const reasons: EndReason[] = [
    ...(['caller-hung-up', 'agent-hung-up', 'operator-hung-up', 'handed-over', 'max-duration'] as const),
    ...(['carrier-lost', 'provider-lost', 'shutdown'] as const),
  ]
  const known = fc.record<KnownCall>({
    over: fc.boolean(),
    dialled: fc.constantFrom('', 'completed', 'busy', 'no-answer', 'failed', 'canceled', 'x'),
    lastWords: fc.constantFrom(undefined, 'apology', 'busy'),
    destination: fc.option(fc.constant('sales'), { nil: undefined }),
    stream: fc.constantFrom(undefined, 'open', 'stopped', 'closed', 'broken', 'silent', 'released'),
    outcome: fc.option(fc.record({ reason: fc.constantFrom(...reasons) }), { nil: undefined }),
    wanted: fc.constantFrom(undefined, hangUp, transfer, digits),
    promised: fc.boolean(),
    mayReturn: fc.boolean(),
    mayRecover: fc.boolean(),
    goingDown: fc.boolean(),
    mayHandOver: fc.boolean(),
    hasFallback: fc.boolean(),
  })

  it('is promised a stream only by who will be there, and never too often', () => {
    fc.assert(
      fc.property(known, (call) => {
        const next = whatComesNext(call)
        const isStream = next.type === 'come-back' || next.type === 'digits'
        if (isStream) expect(call).toMatchObject({ goingDown: false, mayReturn: true })
        if (next.type === 'come-back' && next.counted) expect(call.mayRecover).toBe(true)
        if (next.type === 'hand-over') expect(call).toMatchObject({ goingDown: true, mayHandOver: true })
        if (next.type === 'fall-back') expect(call).toMatchObject({ hasFallback: true, lastWords: undefined })
      }),
    )
  })

  it('who is on the line is never hung up on without a word because something broke', () => {
    const broken = known.filter(
      ({ over, dialled: how, lastWords, stream, wanted, outcome, promised }) =>
        !over &&
        how === '' &&
        lastWords === undefined &&
        promised &&
        wanted?.type !== 'hang-up' &&
        ['open', 'closed', 'broken', 'silent', undefined].includes(stream) &&
        (stream !== undefined || ['carrier-lost', 'provider-lost', 'shutdown', undefined].includes(outcome?.reason)),
    )
    fc.assert(fc.property(broken, (call) => void expect(whatComesNext(call).type).not.toBe('hang-up')))
  })
})
