import { describe, expect, it } from 'vitest'
import type { Tool } from '../../src/call/tool.ts'
import { makeArgumentCheck, schemaProblem } from '../../src/tools/check-arguments.ts'
import { endCall } from '../../src/tools/end-call.ts'
import { sendDtmf } from '../../src/tools/send-dtmf.ts'
import { makeSendSms } from '../../src/tools/send-sms.ts'
import { makeTransferCall } from '../../src/tools/transfer-call.ts'
import { makeContext, refusal } from './context.ts'

const targets = { sales: '+15550100010', 'night desk': '+15550100011' }
const check = makeArgumentCheck()

describe('every built-in tool', () => {
  const tools: readonly Tool[] = [endCall, sendDtmf, makeTransferCall(targets), makeSendSms(async () => {})]

  it.each(tools.map((tool) => [tool.declaration.name, tool] as const))('%s declares itself well', (name, tool) => {
    expect(name).toMatch(/^[a-z_]{1,64}$/)
    expect(schemaProblem(tool.declaration.parameters)).toBeUndefined()
    expect(check(tool.declaration, { number: '+15550109999' })).toBeDefined()
    expect(tool.deadlineMs).toBeGreaterThan(0)
  })
})

describe('end_call', () => {
  it('hangs up once the agent has been heard', async () => {
    const context = makeContext()
    expect(await endCall.run({}, context)).toContain('goodbye')
    expect(context.left).toEqual([{ type: 'hang-up' }])
  })
})

describe('transfer_call', () => {
  const tool = makeTransferCall(targets)

  it('transfers to the number that the operator gave the name', async () => {
    const context = makeContext()
    await tool.run({ destination: 'night desk' }, context)
    expect(context.left).toEqual([{ type: 'transfer', destination: 'night desk', number: '+15550100011' }])
  })

  it.each([
    { destination: '+15550109999' },
    { destination: 'Sales' },
    { destination: 'constructor' },
    { destination: '__proto__' },
    { destination: 7 },
    {},
    undefined,
  ])('refuses %j and leaves nobody', async (args) => {
    const context = makeContext()
    expect(await refusal(tool, args, context)).toMatch(/^destination: (only these.*sales, night desk|expected)/)
    expect(context.left).toEqual([])
  })

  it('tells the model the names and no number', () => {
    expect(JSON.stringify(tool.declaration)).toContain('"enum":["sales","night desk"]')
    expect(JSON.stringify(tool.declaration)).not.toContain('555')
    expect(check(tool.declaration, { destination: 'support' })).toBe(
      'destination: expected one of ["sales","night desk"], got "support"',
    )
  })

  it('is not made without destinations', () => {
    expect(() => makeTransferCall({})).toThrow(RangeError)
  })
})

describe('send_dtmf', () => {
  it('presses the keys, a W as two half seconds', async () => {
    const context = makeContext()
    await sendDtmf.run({ digits: '1w2W#*' }, context)
    expect(context.left).toEqual([{ type: 'digits', digits: '1w2ww#*' }])
  })

  it.each(['', '12a', '1 2', '+1', '1'.repeat(33), 'W'.repeat(20), '1"/><Hangup/>'])('refuses %j', async (digits) => {
    const context = makeContext()
    const told = check(sendDtmf.declaration, { digits }) ?? (await refusal(sendDtmf, { digits }, context))
    expect(told).toMatch(/^digits: /)
    expect(await refusal(sendDtmf, { digits }, context)).toMatch(/^digits: /)
    expect(context.left).toEqual([])
  })
})

describe('send_sms', () => {
  function makeOutbox(fail?: Error) {
    const sent: { to: string; text: string }[] = []
    const tool = makeSendSms(async (to, text) => {
      sent.push({ to, text })
      if (fail !== undefined) throw fail
    })
    return { tool, sent }
  }

  it('texts the caller of this call and nobody else', async () => {
    const { tool, sent } = makeOutbox()
    await tool.run({ text: 'Your table is booked.', to: '+15550109999' }, makeContext({ from: '+15550100001' }))
    expect(sent).toEqual([{ to: '+15550100001', text: 'Your table is booked.' }])
    expect(check(tool.declaration, { text: 'a', to: '+15550109999' })).toBe('to: not known')
  })

  it.each([
    'anonymous',
    '',
    'Restricted',
    'sip:someone@example.com',
    '15550100001',
    '+0155501000',
    '+1',
    '+123456789012345678',
    '+15550100001\n+15550109999',
  ])('does not text %j', async (from) => {
    const { tool, sent } = makeOutbox()
    expect(await refusal(tool, { text: 'hello' }, makeContext({ from }))).toContain('withholds')
    expect(sent).toEqual([])
  })

  it('sends three messages a call, also when they run side by side, and the next call three more', async () => {
    const { tool, sent } = makeOutbox()
    const runs = await Promise.allSettled(Array.from({ length: 5 }, () => tool.run({ text: 'hello' }, makeContext())))
    expect(runs.map((run) => run.status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'])
    await tool.run({ text: 'hello' }, makeContext({ callId: 'call-2' }))
    expect(sent).toHaveLength(4)
  })

  it('says that it failed, without the words of whoever failed', async () => {
    const { tool } = makeOutbox(new Error('secret 21610'))
    expect(await refusal(tool, { text: 'hello' })).toBe('the message could not be sent')
  })

  it('does not claim to know when its time is up', async () => {
    const { tool } = makeOutbox(new Error('aborted'))
    const context = makeContext({ signal: AbortSignal.abort() })
    expect(await refusal(tool, { text: 'hello' }, context)).toBe('it is not known whether the message was sent')
  })

  it.each(['', '  ', 'a'.repeat(641)])('refuses a text of the wrong length', async (text) => {
    const { tool, sent } = makeOutbox()
    expect(await refusal(tool, { text })).toMatch(/^text: /)
    expect(sent).toEqual([])
  })
})
