import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { encodeMulaw } from '../../src/audio/g711.ts'
import { tone } from '../../src/audio/tone.ts'
import { checkFolder } from '../../src/cli/replay/check-folder.ts'
import { compare } from '../../src/cli/replay/compare.ts'
import { replay } from '../../src/cli/replay/engine.ts'
import { callOfFlight } from '../../src/cli/replay/from-flight.ts'
import { momentsOf } from '../../src/cli/replay/moments.ts'
import type { OperatorAct } from '../../src/cli/replay/operator-acts.ts'
import { type RecordedCall, readRecordedCall } from '../../src/cli/replay/recorded-call.ts'
import { redacted } from '../../src/cli/replay/redact.ts'
import { checkFlight } from '../../src/cli/replay/run.ts'
import { saveCall } from '../../src/cli/replay/save.ts'
import { makeFlightRecorder } from '../../src/store/flights/flight-recorder.ts'
import { type Flight, readFlight } from '../../src/store/flights/read.ts'
import { makeLogRecorder } from '../fakes/log.ts'

const calls = new URL('../../fixtures/audio/calls/', import.meta.url).pathname
const directory = await mkdtemp(join(tmpdir(), 'operators-'))
afterAll(() => rm(directory, { recursive: true }))
const { log } = makeLogRecorder()
const nowMs = () => performance.now()

/** A voice in pieces of 40 ms, as a browser sends it. */
function voice(fromMs: number, untilMs: number): OperatorAct[] {
  const sound = encodeMulaw(tone(440, untilMs - fromMs, 8000))
  const pieces: OperatorAct[] = []
  for (let atMs = fromMs; atMs < untilMs; atMs += 40) {
    pieces.push({ atMs: atMs + 0.4, audio: sound.subarray((atMs - fromMs) * 8, (atMs + 40 - fromMs) * 8) })
  }
  return pieces
}

/** Over an answer of 2.6 s, which begins at 3950: it is cut, and the human speaks instead. */
const acts: readonly OperatorAct[] = [
  { atMs: 1500.3, command: { type: 'whisper', text: 'He is Thomas, his table is 12.' } },
  { atMs: 5000.3, command: { type: 'take-over' } },
  ...voice(5100, 6500),
  { atMs: 6600.3, command: { type: 'hand-back' } },
  { atMs: 9900.3, command: { type: 'hang-up' } },
]

const reachedInto = (call: RecordedCall, operator: readonly OperatorAct[]): RecordedCall => ({
  ...call,
  streams: call.streams.map((stream) => ({ ...stream, operator })),
})

/** Two plain turns with an operator in them, as the house would have kept it. */
async function flightWith(callId: string, operator: readonly OperatorAct[]): Promise<Flight> {
  const recorder = makeFlightRecorder({ directory, maxBytes: 1e8, log })
  const call = reachedInto(readRecordedCall(`${calls}/two-turns`), operator)
  await replay({ ...call, description: { ...call.description, callId } }, (stream) =>
    recorder({ ...stream, agent: { ...stream.agent, flightRecorder: true } }),
  )
  await recorder[Symbol.asyncDispose]()
  const folder = join(directory, 'calls', callId)
  const [file = ''] = await readdir(folder)
  return readFlight(join(folder, file))
}

const flight = await flightWith('reached-into', acts)

/** What differs when the operator's part is changed. */
async function differences(change: (acts: readonly OperatorAct[]) => readonly OperatorAct[]): Promise<string> {
  const call = callOfFlight(flight)
  const { tapped } = await replay(reachedInto(call, change(call.streams[0]?.operator ?? [])))
  return compare(momentsOf(flight.lines, true), momentsOf(tapped[0] ?? []))
    .map(({ text }) => text)
    .join('\n')
}

const isCommand = (act: OperatorAct, type: string) => 'command' in act && act.command.type === type

describe('a call that an operator reached into', () => {
  it('has their part in its flight record', () => {
    const did = flight.lines.flatMap((line) => (line.type === 'operator-command' ? [line.command.type] : []))
    expect(did).toEqual(['whisper', 'take-over', 'hand-back', 'hang-up'])
    const said = flight.lines.flatMap((line) => (line.type === 'operator-voice' ? [line.audio] : []))
    expect(Buffer.concat(said.map((audio) => Buffer.from(audio, 'base64')))).toEqual(
      Buffer.from(encodeMulaw(tone(440, 1400, 8000))),
    )
  })

  it('goes as it went, to its end', async () => {
    const { differences: found, limits, moments } = await checkFlight(flight, nowMs)
    expect(found).toEqual([])
    expect(limits).toEqual([])
    const keys = moments.map(({ key }) => key)
    expect(keys).toEqual(
      expect.arrayContaining([
        ...['whispered', 'took-over', 'handed-back', 'hung-up'].map((did) => `operator ${did}`),
        ...['model 0: note', 'ended'],
      ]),
    )
    expect(moments.find(({ key }) => key === 'ended')?.exact['reason']).toBe('operator-hung-up')
  })

  it('goes differently when nobody takes it over any more', async () => {
    const found = await differences((all) => all.filter((act) => !isCommand(act, 'take-over')))
    expect(found).toMatch(/^operator took-over: does not happen any more$/m)
    expect(found).toMatch(/^carrier: clear: does not happen any more$/m)
    expect(found).toMatch(/^model 0: truncate item_a: does not happen any more$/m)
  })

  it('goes differently when they do it at another time', async () => {
    const found = await differences((all) =>
      all.map((act) => (isCommand(act, 'take-over') ? { ...act, atMs: act.atMs + 300 } : act)),
    )
    expect(found).toMatch(/^operator took-over: 300 ms later$/m)
    expect(found).toMatch(/^heard item_a: .*heardMs was \d+, is \d+/m)
  })

  it('goes differently when half of their voice is not heard any more', async () => {
    const found = await differences((all) => all.filter((act) => 'command' in act || act.atMs < 5800))
    expect(found).toMatch(/^operator heard: heardMs was 1\d\d\d, is \d\d\d$/m)
  })

  it('goes differently when they whisper something else', async () => {
    const found = await differences((all) =>
      all.map((act) => (isCommand(act, 'whisper') ? { ...act, command: { type: 'whisper', text: 'Be quick.' } } : act)),
    )
    expect(found).toMatch(/^operator whispered: text was "He is Thomas.*, is "Be quick\."$/m)
    expect(found).toMatch(/^model 0: note: text was /m)
  })

  it('is handed back by itself when their voice has not been heard for long, as then', async () => {
    const gone = await flightWith('gone', [{ atMs: 900, command: { type: 'take-over' } }])
    const { differences: found, limits, moments } = await checkFlight(gone, nowMs)
    expect(found).toEqual([])
    expect(limits).toEqual([])
    const back = moments.find(({ key }) => key === 'operator handed-back')
    expect(Math.round((back?.atMs ?? 0) / 100)).toBe(109)
  })

  it('is compared up to them when it is from before their part was kept', async () => {
    const lines = flight.lines.filter(({ type }) => type !== 'operator-command' && type !== 'operator-voice')
    const { differences: found, limits } = await checkFlight({ ...flight, lines }, nowMs)
    expect(found).toEqual([])
    expect(limits).toEqual([expect.stringMatching(/^an operator reached into the call.*: compared up to 1\.3 s$/)])
  })

  it('is saved with their part, and goes the same', async () => {
    const folder = join(directory, 'saved')
    const call = callOfFlight(flight)
    await saveCall(call, folder)
    expect((await checkFolder(folder, nowMs)).differences).toEqual([])
    expect(await shapeOf(readRecordedCall(folder))).toEqual(await shapeOf(call))
    const file = join(folder, 'call.json')
    const commands = JSON.parse(await readFile(file, 'utf8')).streams[0].operator
    expect(commands).toEqual([
      { atMs: 1500.3, command: { type: 'whisper', text: 'He is Thomas, his table is 12.' } },
      { atMs: 5000.3, command: { type: 'take-over' } },
      { atMs: 6600.3, command: { type: 'hand-back' } },
      { atMs: 9900.3, command: { type: 'hang-up' } },
    ])
  })

  it('has none of their words, numbers and sounds in it when it is saved without them, and goes the same', async () => {
    const folder = join(directory, 'redacted')
    const through = { type: 'transfer', destination: 'kitchen', number: '+14155550199' } as const
    const call = callOfFlight(flight)
    const operator = acts.map((act) => (isCommand(act, 'hang-up') ? { ...act, command: through } : act))
    await saveCall(redacted(reachedInto(call, operator)), folder)
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
    const texts = (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join('\n')
    for (const word of ['Thomas', 'is 12', 'kitchen', '4155550199']) expect(texts).not.toContain(word)
    expect(texts).toContain('Xx xx Xxxxxx, xxx xxxxx xx 00.')
    expect(await shapeOf(readRecordedCall(folder))).toEqual(await shapeOf(reachedInto(call, operator)))
    const plain = join(directory, 'plain')
    await saveCall(call, plain)
    const voices = [plain, folder].map((where) => readFile(join(where, 'operator.wav')))
    const [open, noise] = await Promise.all(voices)
    expect(noise?.length).toBe(open?.length)
    expect(noise?.equals(open ?? Buffer.alloc(0))).toBe(false)
  })
})

/** What happens when, without the words. */
async function shapeOf(call: RecordedCall) {
  const { streams } = await replay(call)
  return streams[0]?.events.map((event) => [event.atMs, event.type, 'heardMs' in event ? event.heardMs : 0])
}
