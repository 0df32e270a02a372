import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { decodeMulaw, encodeMulaw } from '../../src/audio/g711.ts'
import { readWav } from '../../src/audio/wav.ts'
import { checkFolder } from '../../src/cli/replay/check-folder.ts'
import { checkFlight } from '../../src/cli/replay/run.ts'
import { saveAsTest } from '../../src/cli/replay/save-as-test.ts'
import { readSound } from '../../src/cli/replay/sounds.ts'
import { readFlight } from '../../src/store/flights/read.ts'
import { openShelf } from '../../src/store/shelf.ts'
import { openHouse, wait } from '../e2e/house.ts'
import { makeLogRecorder } from '../fakes/log.ts'

const directory = await mkdtemp(join(tmpdir(), 'house-'))
afterAll(() => rm(directory, { recursive: true }))
const { log } = makeLogRecorder()
const nowMs = () => performance.now()

const answer = (hz: number, ms: number, text: string) => [
  { do: 'say' as const, text },
  { do: 'tone' as const, hz, ms },
]

/** A call whose caller speaks over the greeting, in the real house, with everything kept. */
async function call(): Promise<{ callId: string; caller: Buffer; heard: Buffer }> {
  await using house = await openHouse({
    env: {
      DATA_DIR: directory,
      RECORDING: 'on',
      FLIGHT_RECORDER: 'on',
      BARGE_IN: 'local+model',
      AGENT_GREETING: 'Hi.',
    },
    script: {
      turns: [{ transcript: 'No, Thursday.' }],
      replies: [answer(500, 9000, 'We are open every day of the week.'), answer(700, 400, 'Until eight.')],
    },
  })
  const phone = house.call()
  await phone.next('audio-heard')
  await phone.speak(encodeMulaw(readSound('no-thursday.wav')))
  await wait(1500)
  phone.hangUp()
  await house.ended(phone)
  const { caller, heard } = phone.recording()
  // Of the two zeros of mu-law a recording has one.
  const plain = (side: Uint8Array) => Buffer.from(encodeMulaw(decodeMulaw(side)))
  return { callId: phone.callSid, caller: plain(caller), heard: plain(heard) }
}

/** Where the loud part of a side begins, and how much of it there is [samples]. */
function soundOf(side: Uint8Array): { readonly at: number; readonly count: number } {
  const loud = (byte: number) => byte !== 0xff
  return { at: side.findIndex(loud), count: side.reduce((sum, byte) => sum + (loud(byte) ? 1 : 0), 0) }
}

describe('a real call with everything kept', () => {
  it('is recorded as the phone heard it, goes in a replay as it went, and becomes a test', {
    timeout: 60_000,
  }, async () => {
    const { callId, caller, heard } = await call()
    const shelf = openShelf({ directory, log })
    const [flight, wav] = await shelf.list(callId)
    expect([flight?.kind, wav?.kind]).toEqual(['flight', 'recording'])
    const [left, right] = readWav(await readFile((await shelf.pathOf(callId, wav?.name ?? '')) ?? '')).channels.map(
      encodeMulaw,
    )
    const said = soundOf(left ?? new Uint8Array(0))
    expect(said.count).toBe(soundOf(caller).count)
    const spoken = caller.subarray(soundOf(caller).at, soundOf(caller).at + 4000)
    expect(Buffer.from(left ?? []).indexOf(spoken)).toBe(said.at)
    // What was played stands where it was heard: the phone is a beat behind, and the two clocks began apart.
    const apart = soundOf(right ?? new Uint8Array(0)).at - said.at - (soundOf(heard).at - soundOf(caller).at)
    expect(Math.abs(apart)).toBeLessThanOrEqual(8 * 100)
    expect(Math.abs(soundOf(right ?? new Uint8Array(0)).count - soundOf(heard).count)).toBeLessThanOrEqual(8 * 60)

    const verdict = await checkFlight(await readFlight((await shelf.pathOf(callId, flight?.name ?? '')) ?? ''), nowMs)
    // When, depends on how busy this machine is: what happens does not.
    expect(verdict.differences.filter(({ text }) => !/ms (later|earlier)|Ms was/.test(text))).toEqual([])
    const { folder } = await saveAsTest({ directory, callId, name: 'cut-in', redact: true, into: directory })
    expect(folder).toMatch(/cut-in$/)
    expect((await checkFolder(join(directory, 'cut-in'), nowMs)).differences).toEqual([])
  })
})
