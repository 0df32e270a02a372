import { describe, expect, it } from 'vitest'
import type { Domain } from '../../../src/providers/local/domain/domain.ts'
import { localMinds } from '../../../src/providers/local/mind.ts'
import type { Mind, ReplyRequest } from '../../../src/simulators/realtime/mind.ts'

import { answer, echo, fakeLine, hear, makeMind, silence, spoken, turn, weights } from './mind-stage.ts'

describe('the embedded agent\u2019s mind', () => {
  it('greets as its domain does, or says exactly what it is told to', async () => {
    const { mind } = makeMind('')
    const create = (instructions?: string): ReplyRequest => ({
      trigger: 'create',
      toolOutputs: [],
      ...(instructions === undefined ? {} : { instructions }),
    })
    expect((await answer(mind, create()))[2]).toBe(' I am a demo.')
    expect((await answer(mind, create('Greet the caller in one short sentence.')))[0]).toBe('Hello.')
    expect((await answer(mind, create('Say exactly: Welcome! Please hold on.')))[0]).toBe('Welcome!')
    expect((await answer(mind, create('Ask the caller \u201cAre you there?\u201d now')))[0]).toBe('Are you there?')
  })

  it('calls a tool that the session offers, and says what it gave', async () => {
    const { mind } = makeMind('when', { tools: [{ name: 'clock', description: '' }] })
    hear(mind, spoken, silence(1000))
    expect(await answer(mind)).toEqual(['clock({"zone":"UTC"})'])
    const outputs = [{ name: 'clock', output: 'noon' }]
    expect((await answer(mind, { trigger: 'create', toolOutputs: outputs }))[0]).toBe('clock says noon.')
  })

  it('says what it would have said when the session offers no such tool', async () => {
    const { mind } = makeMind('when')
    hear(mind, spoken, silence(1000))
    expect((await answer(mind))[0]).toBe('I cannot look.')
  })

  it('hangs up after its goodbye when it may', async () => {
    const offered = makeMind('goodbye', { tools: [{ name: 'end_call', description: '' }] })
    hear(offered.mind, spoken, silence(1000))
    expect(await answer(offered.mind)).toEqual(['Bye.', 'rms 24000 Bye.', 'end_call({})'])
    const ended = 'The call ends as soon as you have been heard. If you have not said goodbye, say so now.'
    const outputs = [{ name: 'end_call', output: ended }]
    expect(await answer(offered.mind, { trigger: 'create', toolOutputs: outputs })).toEqual([])
    const without = makeMind('goodbye')
    hear(without.mind, spoken, silence(1000))
    expect(await answer(without.mind)).toEqual(['Bye.', 'rms 24000 Bye.'])
  })

  it('announces a transfer to one of the destinations that are allowed, and is silent then, unless it failed', async () => {
    const parameters = { type: 'object', properties: { destination: { type: 'string', enum: ['front desk', 'bar'] } } }
    const { mind } = makeMind('operator', { tools: [{ name: 'transfer_call', description: '', parameters }] })
    hear(mind, spoken, silence(1000))
    expect((await answer(mind)).filter((_, i) => i % 2 === 0)).toEqual([
      'One moment.',
      ' I will connect you.',
      'transfer_call({"destination":"front desk"})',
    ])
    const outcome = (output: string) =>
      answer(mind, { trigger: 'create', toolOutputs: [{ name: 'transfer_call', output }] })
    expect(await outcome('The caller is connected as soon as you have been heard.')).toEqual([])
    expect((await outcome('{"error":"destination: only these are possible"}'))[2]).toBe(' I cannot connect you now.')
    const alone = makeMind('operator')
    hear(alone.mind, spoken, silence(1000))
    expect((await answer(alone.mind))[0]).toBe('Nobody is here.')
  })

  it('says something after every other tool, also one that its domain knows nothing of', async () => {
    const { mind } = makeMind('')
    const domain: Domain = { ...echo, start: () => ({ hear: () => ({ sentences: [] }), interrupted: () => {} }) }
    const plain = localMinds({ domain, weights, speech: { open: () => fakeLine('').line }, maxCalls: 1 })(() => {})
    const outcome = (one: Mind, output: string) =>
      answer(one, { trigger: 'create', toolOutputs: [{ name: 'lookup', output }] })
    expect((await outcome(mind, 'seven'))[0]).toBe('lookup says seven.')
    expect((await outcome(plain, 'seven'))[0]).toBe('All right.')
    expect((await outcome(plain, '{"error":"it failed"}'))[2]).toBe(' That did not work.')
  })

  it.each([
    [
      'The caller has been silent for a while. Ask in one short sentence whether they are still there.',
      'Are you still',
    ],
    ['The caller has not said anything for a long time. Say a short, friendly goodbye.', 'Goodbye.'],
    ['The call has to end soon. Tell the caller so in one short sentence.', 'an end soon'],
    ['The time for this call is over. Say so in one short sentence, and say goodbye.', 'Our time is over.'],
    ['Tell the caller in one short sentence that nobody could take the call, and offer to help.', 'Nobody could take'],
    ['The digits have been sent. Go on with the conversation in one short sentence.', 'The keys are pressed.'],
    ['(The caller pressed 1 2 # on the keypad.) Answer that.', 'You pressed 1, 2, hash.'],
    ['Do what no grammar can follow.', 'How can I help you?'],
  ])('says a fitting sentence, in the middle of a call, when it is told %j', async (instructions, words) => {
    const { mind } = makeMind('')
    await answer(mind, { trigger: 'create', toolOutputs: [] })
    const said = await answer(mind, { trigger: 'create', instructions, toolOutputs: [] })
    expect(said.join(' ')).toContain(words)
  })

  it('reads of keys that were pressed, and does not stumble over what else is typed', async () => {
    const { mind } = makeMind('for two')
    const create = (...messages: string[]): ReplyRequest => ({ trigger: 'create', toolOutputs: [], messages })
    const cut = '(Your last answer was interrupted. I heard only "Hel".)'
    expect((await answer(mind, create(cut)))[0]).toBe('Hello.')
    expect((await answer(mind, create(cut, 'The caller pressed 1 2 3 on the keypad.')))[0]).toBe('You pressed 1, 2, 3.')
    expect((await answer(mind, create(cut)))[0]).toBe('How can I help you?')
    hear(mind, spoken, silence(1000))
    expect((await answer(mind, { ...turn, messages: [cut, 'The caller pressed 1.'] }))[0]).toBe('for two.')
  })
})
