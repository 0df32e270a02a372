/*
 * The thread that asks the analyst: it reads the sound, codes it, puts it into a request of 10 MB and reads the answer.
 *
 *   ask ─▶ read, mix, base64 ─▶ POST ─▶ answer ─▶ find, judge        abort ─▶ the request is let go, answer: aborted      end ─▶ exit
 */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { AnalystTask, FromAnalyst, Judged, Question, ToAnalyst } from './analyst-messages.ts'
import { makeAskDmxapi } from './ask-dmxapi.ts'
import { makeAskQwen } from './ask-qwen.ts'
import { readCallSound } from './call-sound.ts'
import { judge } from './judge.ts'
import { shapeOf } from './shape.ts'

/** Calls come first. On Linux 0 is the calling thread, and lowering it needs no right; elsewhere it is all of us. */
const NICE = 10
if (process.platform === 'linux') setPriority(0, NICE)

const { service, schema } = workerData as AnalystTask
const shape = shapeOf(JSON.parse(schema))
const ask = service.by === 'qwen' ? makeAskQwen(service) : makeAskDmxapi(service)
const asked = new Map<number, AbortController>()

async function answerTo({ turns, recordings }: Question, signal: AbortSignal): Promise<Judged> {
  const sound = await readCallSound(recordings)
  if (signal.aborted) return { ok: false, why: 'aborted' }
  return judge(await ask(turns, sound, signal), shape)
}

parentPort?.on('message', (message: ToAnalyst) => {
  if (message.type === 'end') {
    parentPort?.close()
    return
  }
  if (message.type === 'abort') {
    asked.get(message.id)?.abort()
    return
  }
  const { id, question } = message
  const given = new AbortController()
  asked.set(id, given)
  void answerTo(question, given.signal).then((answer) => {
    asked.delete(id)
    parentPort?.postMessage({ id, answer } satisfies FromAnalyst)
  })
})
