/*
 * Makes fixtures/audio/calls/<name>/: the caller's sound from fixtures/audio, what the model said, and what came of it.
 *
 *   node scripts/make-recorded-calls.ts          look at the difference in expected.json before it is committed
 *   node scripts/make-recorded-calls.ts goodbye  that one alone
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeWav } from '../src/audio/wav.ts'
import { replay } from '../src/cli/replay/engine.ts'
import { fileOf, readRecordedCall } from '../src/cli/replay/recorded-call.ts'
import { jsonLines, writeExpected } from '../src/cli/replay/save.ts'
import { bargeIns } from './recorded-calls/barge-ins.ts'
import { type CallDraft, scriptOf } from './recorded-calls/draft.ts'
import { endings } from './recorded-calls/endings.ts'
import { plainCalls } from './recorded-calls/plain.ts'
import { callerSide, withEcho } from './recorded-calls/sound.ts'

const calls = new URL('../fixtures/audio/calls/', import.meta.url).pathname
const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
function writeCaller(path: string, side: Int16Array): void {
  writeFileSync(path, writeWav({ sampleRate: 8000, channels: [side] }))
}

async function make({ name, description, streams }: CallDraft): Promise<void> {
  const folder = join(calls, name)
  mkdirSync(folder, { recursive: true })
  const settings = streams.map(({ connectMs, untilMs, callerEvents }) => ({ connectMs, untilMs, callerEvents }))
  writeFileSync(join(folder, 'call.json'), json({ ...description, streams: settings }))
  for (const [i, stream] of streams.entries()) {
    writeCaller(join(folder, fileOf('caller.wav', i)), callerSide(stream.lines))
    writeFileSync(join(folder, fileOf('session.json', i)), `${jsonLines(scriptOf(stream))}\n`)
  }
  for (const [i, { lines, echo }] of streams.entries()) {
    if (echo === undefined) continue
    // What comes back is what was heard: known when the call has gone once without it.
    const heard = (await replay(readRecordedCall(folder))).heard[i]
    if (heard !== undefined) {
      writeCaller(join(folder, fileOf('caller.wav', i)), withEcho(callerSide(lines), heard, echo))
    }
  }
  await writeExpected(folder)
}

const only = process.argv.slice(2)
for (const draft of [...plainCalls(), ...bargeIns(), ...endings()]) {
  if (only.length === 0 || only.includes(draft.name)) await make(draft)
}
