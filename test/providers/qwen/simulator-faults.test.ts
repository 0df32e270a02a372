import { describe, expect, test } from 'vitest'
import { CallError } from '../../../src/base/errors.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { QwenOptions } from '../../../src/providers/qwen/options.ts'
import type { BehaviourOptions } from '../../../src/simulators/realtime/behaviour.ts'
import {
  arrearage,
  backendFailed,
  type Faults,
  freeTierExhausted,
  idleClose,
  responseTimeout,
} from '../../../src/simulators/realtime/faults.ts'
import { converse } from './simulated-call.ts'

describe('what goes wrong while a conversation is opened is told by its code', () => {
  const refuse = (status: number): Faults => ({ refuseUpgrade: { status, code: 'X', message: 'x' } })

  test.each<[string, Faults, Partial<QwenOptions>, string]>([
    ['a wrong key', {}, { apiKey: 'sk-2' }, 'provider-refused'],
    ['no access', refuse(403), {}, 'provider-refused'],
    ['no such model', {}, { model: 'qwen9' }, 'provider-config'],
    ['too many', refuse(429), {}, 'provider-busy'],
    ['a broken gateway', refuse(502), {}, 'provider-lost'],
    ['a voice of another generation', {}, { voice: 'Cherry' }, 'provider-config'],
    ['an account in arrears', { strikes: [{ at: 'open', ...arrearage }] }, {}, 'provider-refused'],
    ['a reset', { strikes: [{ at: 'update', do: 'reset' }] }, {}, 'provider-lost'],
    ['a close', { strikes: [{ at: 'update', do: 'close', code: 1011, reason: '' }] }, {}, 'provider-lost'],
    ['a failing backend', { strikes: [{ at: 'update', ...backendFailed }] }, {}, 'provider-lost'],
  ])('%s', async (_, faults, options, code) => {
    const error: unknown = await converse({ faults, options }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(CallError)
    expect(error).toMatchObject({ code })
  })
})

describe('what goes wrong in a conversation ends it once, with its code', () => {
  const duringAnswer = (strike: object): Faults => ({
    strikes: [{ at: 'response', afterDeltas: 1, ...strike } as NonNullable<Faults['strikes']>[number]],
  })

  test.each<[string, Faults, string]>([
    ['the idle close', duringAnswer(idleClose()), 'provider-lost'],
    ['the idle close after 300 s', duringAnswer(idleClose(300)), 'provider-lost'],
    ['an account in arrears', duringAnswer(arrearage), 'provider-refused'],
    ['a reason too long for its frame', duringAnswer(freeTierExhausted), 'provider-refused'],
    ['a failing backend', duringAnswer(backendFailed), 'provider-lost'],
    ['a slow backend', duringAnswer(responseTimeout), 'provider-lost'],
    ['a reset', duringAnswer({ do: 'reset' }), 'provider-lost'],
  ])('%s', async (_, faults, code) => {
    await using talk = await converse({ faults, behaviour: { speedFactor: 20 } })
    talk.speak()
    await talk.until(({ type }) => type === 'closed')
    expect(talk.events.filter(({ type }) => type === 'closed')).toHaveLength(1)
    expect(talk.events.at(-1)).toMatchObject({ type: 'closed', error: { code } })
    expect(talk.statuses()).toEqual(['failed'])
  })

  test('silence in the middle of an answer', async () => {
    const clock = new ManualClock()
    const faults = duringAnswer({ do: 'silence' })
    await using talk = await converse({ faults, behaviour: { speedFactor: 20 }, options: { clock } })
    talk.speak()
    await talk.until(({ type }) => type === 'audio')
    clock.advance(40_000)
    expect(talk.events.at(-1)).toMatchObject({ type: 'closed', error: { code: 'provider-timeout' } })
  })

  test.each<[string, BehaviourOptions]>([
    ['the limit of a session', { sessionLimitMs: 50 }],
    ['nothing to answer for long', { idleCloseMs: 50 }],
  ])('%s', async (_, behaviour) => {
    await using talk = await converse({ behaviour })
    await talk.until(({ type }) => type === 'closed')
    expect(talk.events.at(-1)).toMatchObject({ error: { code: 'provider-lost' } })
  })
})
