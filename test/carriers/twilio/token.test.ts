import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { CallStore } from '../../../src/call/store.ts'
import { type Promised, StreamTokens, type StreamTokensOptions } from '../../../src/carriers/twilio/token.ts'
import { openMemoryStore } from '../../../src/store/memory/store.ts'
import { EPOCH } from './rig.ts'

const promised: Promised = { stream: 1, from: '+15550001111', to: '+15550002222' }

/** Processes that share a clock and a store. */
function openProcesses(shared: Partial<StreamTokensOptions> = {}) {
  const clock = new ManualClock()
  const now = () => EPOCH + clock.now()
  const store = openMemoryStore({ now, isShared: true })
  const open = (own: Partial<StreamTokensOptions> = {}) =>
    new StreamTokens({ authTokens: [], store, clock, now, ...shared, ...own })
  return { clock, store, open }
}

it('a token is good once, for its call, within a minute', async () => {
  const { clock, open } = openProcesses()
  const tokens = open()
  const token = tokens.issue('CA1', promised)
  expect(await tokens.redeem(token, 'CA2')).toEqual({ fault: 'forged' })
  clock.advance(59_000)
  expect(await tokens.redeem(token, 'CA1')).toEqual(promised)
  expect(await tokens.redeem(token, 'CA1')).toEqual({ fault: 'used' })
  clock.advance(120_000)
  expect(await tokens.redeem(token, 'CA1')).toEqual({ fault: 'expired' })
})

it('a token that nobody used is no good after a minute', async () => {
  const { clock, open } = openProcesses()
  const tokens = open()
  const token = tokens.issue('CA1', promised)
  clock.advance(60_000)
  expect(await tokens.redeem(token, 'CA1')).toEqual({ fault: 'expired' })
})

it('a token that was made up or changed is refused', async () => {
  const tokens = openProcesses().open()
  const token = tokens.issue('CA1', promised)
  const [expiry, nonce, what, mac] = token.split('.')
  expect(await tokens.redeem(undefined, 'CA1')).toEqual({ fault: 'missing' })
  expect(await tokens.redeem('', 'CA1')).toEqual({ fault: 'missing' })
  const bare = `${expiry}.${nonce}.${what}`
  const made = [
    ...['x', '...', `9${expiry}.${nonce}.${what}.${mac}`, `${expiry}.AAAAAAAAAAAAAAAA.${what}.${mac}`, `${bare}.`],
    ...[`${expiry}.${nonce}.${what}A.${mac}`, `${expiry}.${nonce}..${mac}`, `${token}x`, `${token} `],
    // With the key that everybody knows: none.
    `${bare}.${createHmac('sha256', '').update(`CA1.${bare}`).digest('base64url')}`,
  ]
  for (const forged of made) expect(await tokens.redeem(forged, 'CA1'), forged).toEqual({ fault: 'forged' })
  expect(await tokens.redeem(token, 'CA1')).toEqual(promised)
})

it('tokens fit into a parameter and never repeat, whatever is promised', () => {
  const tokens = openProcesses().open()
  const sip = `sip:${'x'.repeat(250)}`
  const how = { type: 'transfer-failed', destination: 'd'.repeat(300), how: 'busy' } as const
  const promises: Promised[] = [promised, { ...promised, happened: how }, { stream: 50, from: sip, to: sip }]
  const made = Array.from({ length: 300 }, (_, n) => tokens.issue('CA1', promises[n % 3] ?? promised))
  expect(new Set(made).size).toBe(300)
  expect(Math.max(...made.map((token) => `token${token}`.length))).toBeLessThan(500)
})

it('when more starts came than can be remembered, none is taken until the oldest expire', async () => {
  const { clock, open } = openProcesses()
  const tokens = open({ maxUsed: 2 })
  const [first = '', second, third] = ['CA1', 'CA2', 'CA3'].map((call) => tokens.issue(call, promised))
  expect(await tokens.redeem(first, 'CA1')).toEqual({ ...promised, happened: undefined })
  expect(await tokens.redeem(second, 'CA2')).toEqual(promised)
  expect(await tokens.redeem(third, 'CA3')).toEqual({ fault: 'too-many' })
  expect(await tokens.redeem(first, 'CA1')).toEqual({ fault: 'used' })
  clock.advance(60_000)
  expect(await tokens.redeem(tokens.issue('CA4', promised), 'CA4')).toEqual(promised)
})

describe('between processes', () => {
  it('that have no auth token, nobody takes the other’s', async () => {
    const { open } = openProcesses()
    expect(await open().redeem(open().issue('CA1', promised), 'CA1')).toEqual({ fault: 'forged' })
  })

  it('that share it, a token is good in any of them, once in all of them, and tells what was promised', async () => {
    const { open } = openProcesses({ authTokens: ['secret'] })
    const [one, two, three] = [open(), open(), open()]
    const happened = { type: 'transfer-failed', destination: 'the “front” desk', how: 'busy' } as const
    const token = one.issue('CA1', { ...promised, stream: 3, happened })
    expect(await two.redeem(token, 'CA1')).toEqual({ ...promised, stream: 3, happened })
    expect(await two.redeem(token, 'CA1')).toEqual({ fault: 'used' })
    expect(await three.redeem(token, 'CA1')).toEqual({ fault: 'used' })
  })

  it('one that its own process took is not good in another', async () => {
    const { open } = openProcesses({ authTokens: ['secret'] })
    const [one, two] = [open(), open()]
    const token = one.issue('CA1', promised)
    expect(await one.redeem(token, 'CA1')).toEqual(promised)
    expect(await two.redeem(token, 'CA1')).toEqual({ fault: 'used' })
  })

  it('one that is shown to two doors of a process at once is taken at one', async () => {
    const { open } = openProcesses({ authTokens: ['secret'] })
    const two = open()
    const token = open().issue('CA1', promised)
    const answers = await Promise.all([two.redeem(token, 'CA1'), two.redeem(token, 'CA1')])
    expect(answers).toEqual([promised, { fault: 'used' }])
  })

  it('while a key is being changed, tokens of before are good with who knows both', async () => {
    const { open } = openProcesses()
    const before = open({ authTokens: ['old'] })
    const after = open({ authTokens: ['new', 'old'] })
    expect(await after.redeem(before.issue('CA1', promised), 'CA1')).toEqual(promised)
    expect(await before.redeem(after.issue('CA2', promised), 'CA2')).toEqual({ fault: 'forged' })
    expect(await open({ authTokens: ['new'] }).redeem(before.issue('CA3', promised), 'CA3')).toEqual({
      fault: 'forged',
    })
  })

  it.each<[string, Pick<CallStore, 'claim'>]>([
    ['does not answer', { claim: () => Promise.reject(new Error('late')) }],
    [
      'throws',
      {
        claim: () => {
          throw new Error('closed')
        },
      },
    ],
  ])('when the store %s, ours are taken, and nobody else’s', async (_, broken) => {
    const { store, open } = openProcesses({ authTokens: ['secret'] })
    const two = open({ store: { ...store, ...broken } })
    expect(await two.redeem(two.issue('CA1', promised), 'CA1')).toEqual(promised)
    expect(await two.redeem(open().issue('CA2', promised), 'CA2')).toEqual({ fault: 'unconfirmed' })
  })

  it('the key is not the auth token itself: what Twilio signs is no token', async () => {
    const { open } = openProcesses({ authTokens: ['secret'] })
    const tokens = open()
    const bare = tokens.issue('CA1', promised).split('.').slice(0, 3).join('.')
    const mac = createHmac('sha256', 'secret').update(`CA1.${bare}`).digest('base64url')
    expect(await tokens.redeem(`${bare}.${mac}`, 'CA1')).toEqual({ fault: 'forged' })
  })

  it('a wall clock that is set back makes no token good twice', async () => {
    const { clock, open } = openProcesses({ authTokens: ['secret'] })
    let at = EPOCH
    const tokens = open({ now: () => at })
    const token = tokens.issue('CA1', promised)
    expect(await tokens.redeem(token, 'CA1')).toEqual(promised)
    at -= 3_600_000
    clock.advance(120_000)
    expect(await tokens.redeem(token, 'CA1')).toEqual({ fault: 'used' })
  })
})
