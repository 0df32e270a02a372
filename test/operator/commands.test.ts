import { describe, expect, it } from 'vitest'
import { openDesk } from './desk-rig.ts'

describe('an operator', () => {
  const commands = [
    { type: 'hang-up' },
    { type: 'whisper', text: 'Offer the terrace.' },
    { type: 'transfer', destination: 'desk' },
    { type: 'take-over' },
    { type: 'hand-back' },
  ] as const

  it.each(commands)('reaches into a call: $type', async (command) => {
    await using desk = await openDesk()
    const { status, text } = await desk.post('/api/calls/CA1/commands', command)
    expect([status, JSON.parse(text)]).toEqual([200, { outcome: 'done' }])
    // What the name stands for, only the house knows.
    const number = command.type === 'transfer' ? { number: '+15550009999' } : {}
    expect(desk.supervision.commands).toEqual([['CA1', { ...command, ...number }]])
    expect(desk.deeds).toEqual([{ operator: 'operator', did: command.type, callId: 'CA1', outcome: 'done' }])
    expect(JSON.stringify(desk.records)).not.toMatch(/terrace|5550009999/)
  })

  it('is told when the call cannot do it', async () => {
    await using desk = await openDesk()
    desk.supervision.outcome = 'not-now'
    expect(JSON.parse((await desk.post('/api/calls/CA1/commands', { type: 'take-over' })).text)).toEqual({
      outcome: 'not-now',
    })
  })

  it.each([
    [{}, /^type: expected hang-up, whisper/],
    [{ type: 'explode' }, /^type: expected hang-up, whisper, .*, got "explode"$/],
    [[], /^type: expected/],
    [{ type: 'whisper' }, /^text: expected what the model is told, at most 2000 characters, got none$/],
    [{ type: 'whisper', text: ' ' }, /^text: /],
    [{ type: 'whisper', text: 'a'.repeat(2001) }, /^text: /],
    [{ type: 'whisper', text: 'a'.repeat(20_000) }, /^body: expected a smaller one/],
    [{ type: 'hang-up', text: 'a' }, /^text: expected one of type$/],
    [{ type: 'transfer', destination: 'home' }, /^destination: expected one of desk, got "home"$/],
    [{ type: 'transfer', destination: 'desk', number: '+19005550000' }, /^number: expected one of type, destination$/],
  ])('is told what is wrong with a command: %j', async (command, sentence) => {
    await using desk = await openDesk()
    const { status, text } = await desk.post('/api/calls/CA1/commands', command)
    expect([[400, 413].includes(status ?? 0), JSON.parse(text).error]).toEqual([true, expect.stringMatching(sentence)])
    expect(desk.supervision.commands).toEqual([])
  })

  it('is told that a body is no JSON, and a call none', async () => {
    await using desk = await openDesk()
    const json = { 'content-type': 'application/json' }
    const broken = await desk.ask('/api/calls/CA1/commands', { method: 'POST', headers: json, body: '{' })
    expect([broken.status, JSON.parse(broken.text).error]).toEqual([400, expect.stringContaining('well-formed JSON')])
    expect((await desk.post('/api/calls/CA%2f1/commands', { type: 'hang-up' })).status).toBe(404)
  })

  it('makes a call a test', async () => {
    const saved: unknown[] = []
    await using desk = await openDesk({
      async saveAsTest(...asked) {
        saved.push(asked)
        if (asked[1] === 'taken') throw new Error('taken: expected a name that no recorded call has')
        return { folder: `fixtures/audio/calls/${asked[1]}` }
      },
    })
    const save = async (body: unknown) => {
      const { status, text } = await desk.post('/api/calls/CA1/test', body)
      return [status, JSON.parse(text)]
    }
    expect(await save({ name: 'two-tables', redact: true })).toEqual([
      201,
      { folder: 'fixtures/audio/calls/two-tables' },
    ])
    expect(desk.deeds).toEqual([{ operator: 'operator', did: 'save-as-test', callId: 'CA1', name: 'two-tables' }])
    expect(await save({ name: 'taken', redact: false })).toEqual([409, { error: expect.stringContaining('taken') }])
    const whose = { provider: 'qwen', agent: 'default', from: '+15550001', to: '+15550002' }
    desk.desk.take('CA1', { type: 'answered', atMs: 0, callId: 'CA1', ...whose })
    expect(await save({ name: 'too-early', redact: true })).toEqual([409, { error: 'The call is not over yet.' }])
    for (const name of ['../x', 'Upper', '', 'a--b', 'a'.repeat(61)]) {
      expect(await save({ name, redact: true })).toEqual([
        400,
        { error: expect.stringMatching(/^name: expected lower-case/) },
      ])
    }
    expect(await save({ name: 'a', redact: 'yes' })).toEqual([
      400,
      { error: 'redact: expected true or false, got "yes"' },
    ])
    expect(saved).toEqual([
      ['CA1', 'two-tables', true],
      ['CA1', 'taken', false],
    ])
    await using bare = await openDesk()
    expect((await bare.post('/api/calls/CA1/test', { name: 'a', redact: true })).status).toBe(409)
  })

  it('hands back what another has taken over, and both are written down', async () => {
    await using desk = await openDesk({ access: { userHeader: 'x-user' } })
    const tell = (type: string, name: string) => desk.post('/api/calls/CA1/commands', { type }, { 'x-user': name })
    await tell('take-over', 'ada')
    await tell('hand-back', 'bert')
    await tell('take-over', 'ada')
    await tell('hand-back', 'ada')
    expect(desk.deeds.map(({ operator, did, takenOverBy }) => [operator, did, takenOverBy])).toEqual([
      ['ada', 'take-over', undefined],
      ['bert', 'hand-back', 'ada'],
      ['ada', 'take-over', undefined],
      ['ada', 'hand-back', undefined],
    ])
  })

  it('has a telephone that speaks as the carrier does', async () => {
    await using desk = await openDesk()
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const voice = await desk.ask('/api/phone/voice', {
      method: 'POST',
      headers: form,
      body: 'CallSid=CA1&To=%2B15550002222&From=%2B19005550000',
    })
    expect([voice.headers['content-type'], voice.text]).toEqual(['text/xml; charset=utf-8', '<Response/>'])
    const next = await desk.ask('/api/phone/next?from=dial', { method: 'POST', headers: form, body: 'CallSid=CA1' })
    expect(next.status).toBe(204)
    expect(desk.phoned).toEqual([
      { CallSid: 'CA1', To: '+15550002222', From: 'client:operator' },
      '/api/phone/next?from=dial',
      { CallSid: 'CA1', From: 'client:operator' },
    ])
  })

  it.each([
    ['ada@example.com', 'client:ada@example.com'],
    [`<${'a'.repeat(80)}>`, `client:${'a'.repeat(60)}`],
    [Buffer.from('李雷').toString('latin1'), 'client:operator'],
  ])('calls with it by the name that the house knows: %j', async (name, from) => {
    await using desk = await openDesk({ access: { userHeader: 'x-user' } })
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-user': name }
    await desk.ask('/api/phone/voice', { method: 'POST', headers, body: 'From=client%3Aeve&From=%2B19005550000' })
    expect(desk.phoned).toEqual([{ From: from }])
  })
})
