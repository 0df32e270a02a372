import { expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import type { Logger } from '../../../src/base/log.ts'
import { makeQwenProvider } from '../../../src/providers/qwen/provider.ts'
import * as frames from './frames.ts'
import { ModelPuppet } from './model-puppet.ts'

test('a whole conversation leaves a few records, and no key, sound or words in them', async () => {
  const records: string[] = []
  const write = (fields: unknown, message: string) => records.push(JSON.stringify([fields, message]))
  const log = { info: write, warn: write } as unknown as Logger
  await using puppet = await ModelPuppet.start()
  const model = 'qwen3-omni-flash-realtime'
  const provider = makeQwenProvider({
    url: puppet.url,
    apiKey: 'sk-topsecret',
    model,
    batchMs: 20,
    clock: systemClock,
    log,
  })
  const tools = [{ name: 'lookup', description: 'Looks up.', parameters: {} }]
  const instructions = 'Hush-hush instructions.'
  const session = await provider.connect({ callId: 'call-1', instructions, tools }, new AbortController().signal)
  const ended = new Promise<void>((resolve) => {
    session.listen(({ type }) => {
      if (type === 'response-ended') resolve()
    })
  })
  session.append(Buffer.alloc(64_000, 'AUDIO'))
  session.respond('Greet Alice.')
  puppet.client.say(frames.responseCreated('r1'), { type: 'odd.one' }, { type: 'odd.one' }, 'not json')
  puppet.client.say(frames.transcriptDone('r1', 'Good day, Alice.'), frames.callerDone('u1', 'I am Alice.'))
  for (let i = 0; i < 100; i++) puppet.client.say(frames.errorFrame('Internal service error: null, key sk-topsecret'))
  puppet.client.say(frames.audioDelta('r1', Buffer.alloc(3000, 'AUDIO')), frames.audioDelta('r0', Buffer.alloc(2)))
  puppet.client.say(frames.responseDone('r1'))
  await ended
  await session[Symbol.asyncDispose]()
  await session[Symbol.asyncDispose]()
  const all = records.join('\n')
  for (const secret of ['topsecret', 'Alice', 'Hush', Buffer.from('AUDIO'.repeat(3)).toString('base64').slice(4, 16)]) {
    expect(all).not.toContain(secret)
  }
  expect(records).toHaveLength(22)
  expect(records[0]).toContain('never calls tools')
  expect(records[1]).toContain('[key]')
  expect(JSON.parse(records.at(-1) ?? '')).toEqual([
    {
      callId: 'call-1',
      why: 'disposed',
      late: 1,
      errors: 100,
      ignored: 0,
      odd: { 'unknown: odd.one': 2, 'malformed: no type': 1 },
      droppedUplinkMs: 0,
    },
    'session over',
  ])
})
