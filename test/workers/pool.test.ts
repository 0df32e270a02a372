import { expect, it } from 'vitest'
import { readPlans } from '../../src/agents/read-plans.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import type { Register } from '../../src/carriers/twilio/register.ts'
import { readConfig } from '../../src/config.ts'
import type { CallSettings } from '../../src/workers/call-room.ts'
import { startWorkers } from '../../src/workers/pool.ts'
import { Questions } from '../../src/workers/questions.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { eventually, isAlive } from './rig.ts'

async function poolOf(settings: Partial<CallSettings> = {}, workers = 1) {
  const clock = new ManualClock()
  const { log, records } = makeLogRecorder()
  const { agent, narrowband, batchMs, leadMs, heardTruth, modelInterrupts } = readConfig({})
  const read = readPlans({ agent, agentsFile: undefined, twilio: { accountSid: undefined, authTokens: [] }, env: {} })
  if ('problems' in read) throw new Error(read.problems.join())
  const model = {
    type: 'qwen',
    url: 'ws://127.0.0.1:9/',
    apiKey: 'unused',
    model: 'qwen3.5-omni-flash-realtime',
  } as const
  const register: Register = { started: async () => ({ fault: 'forged' }), over: () => {} }
  const options = {
    settings: {
      models: [model] as CallSettings['models'],
      plans: read.plans,
      narrowband,
      batchMs,
      leadMs,
      heardTruth,
      modelInterrupts,
      records: undefined,
      ...settings,
    },
    ...{ register, clock, now: () => 0, log, workers, logLevel: 'silent', env: {} },
    onCallEvent: () => {},
  }
  return { clock, records, start: () => startWorkers(options) }
}

it('a worker that dies is started again, later each time, and it is said aloud when that is no accident', async () => {
  const { clock, records, start } = await poolOf()
  await using pool = await start()
  const told = (message: string) => records.filter((record) => record.message === message)
  for (const restartMs of [200, 400, 800, 1600, 3200]) {
    process.kill(Number(told('worker ready').at(-1)?.fields['pid']), 'SIGKILL')
    await eventually(() => !pool.open)
    expect(told('worker died; its calls go on in another one').at(-1)?.fields).toMatchObject({
      restartMs,
      why: 'SIGKILL',
    })
    const starts = told('worker ready').length
    clock.advance(restartMs - 1)
    expect(pool.load).toMatchObject([{ ready: false }])
    clock.advance(1)
    await eventually(() => pool.open)
    expect(told('worker ready')).toHaveLength(starts + 1)
  }
  expect(told('a worker dies again and again')).toMatchObject([{ level: 'fatal' }])
  // One that has lived for long starts anew.
  clock.advance(60_000)
  process.kill(Number(told('worker ready').at(-1)?.fields['pid']), 'SIGKILL')
  await eventually(() => !pool.open)
  expect(told('worker died; its calls go on in another one').at(-1)?.fields).toMatchObject({ restartMs: 200 })
})

it('a call that was announced counts as one until its stream may come no more, or its worker is dead', async () => {
  const { clock, records, start } = await poolOf({}, 2)
  await using pool = await start()
  const announce = (calls: number) =>
    Array.from({ length: calls }, () => pool.media.expect({ callId: 'CA1', from: '', to: '' }))
  const restartSecond = async (ms: number, meanwhile: () => void) => {
    const ready = records.filter(({ message, fields }) => message === 'worker ready' && fields['worker'] === '2')
    process.kill(Number(ready.at(-1)?.fields['pid']), 'SIGKILL')
    await eventually(() => pool.load[1]?.ready === false)
    meanwhile()
    clock.advance(ms)
    await eventually(() => pool.load[1]?.ready === true)
  }
  expect(announce(4)).toEqual(['/1', '/2', '/1', '/2'])
  await restartSecond(200, () => {})
  expect(announce(2)).toEqual(['/2', '/2'])
  await restartSecond(400, () => expect(announce(2)).toEqual(['/1', '/1']))
  clock.advance(20_001)
  expect(announce(2)).toEqual(['/1', '/2'])
})

it('a worker that hangs is killed, and started again', async () => {
  const { clock, records, start } = await poolOf()
  await using pool = await start()
  const told = (message: string) => records.filter((record) => record.message === message)
  const pid = Number(told('worker ready').at(-1)?.fields['pid'])
  clock.advance(1000)
  // Later than the answer to the question of a moment ago.
  expect((await pool.vitals()).size).toBe(1)
  process.kill(pid, 'SIGSTOP')
  using _hanging = { [Symbol.dispose]: () => void (isAlive(pid) && process.kill(pid, 'SIGCONT')) }
  clock.advance(1000)
  clock.advance(9999)
  expect(told('worker does not answer; it is killed')).toHaveLength(0)
  clock.advance(1)
  await eventually(() => !pool.open)
  expect(told('worker does not answer; it is killed')).toMatchObject([{ fields: { worker: '1', pid } }])
  clock.advance(200)
  await eventually(() => pool.open)
})

it('a worker that cannot start fails the start', async () => {
  const { start } = await poolOf({ models: [{ type: 'qwen', url: 'no address', apiKey: 'unused', model: 'm' }] })
  await expect(start()).rejects.toThrow('worker 1 did not start: exit code 1')
})

it('a question waits for its answer no longer than it may, and not at all when nobody is there', async () => {
  const clock = new ManualClock()
  const questions = new Questions<string>(clock)
  const asked: number[] = []
  const ask = () => questions.ask((n) => asked.push(n), 1000)
  const [first, second, third] = [ask(), ask(), ask()]
  questions.answer(asked[1] ?? 0, 'two')
  expect(await second).toBe('two')
  clock.advance(1000)
  expect(await first).toBeUndefined()
  questions.answer(asked[0] ?? 0, 'too late')
  questions.answer(99, 'to nothing')
  const fourth = ask()
  questions.abandon()
  expect(await Promise.all([third, fourth, ask()])).toEqual([undefined, undefined, undefined])
  expect(asked).toHaveLength(4)
})
