/**
 * How fast the embedded agent answers, and what it costs.
 *
 *     node scripts/measure-local-agent.ts [calls=1,4] [seconds=60] [silenceMs=500]
 *
 * Synthetic callers (Flite's `slt`) over a telephone channel (8 kHz mu-law) talk to it in real time, as many at once
 * as `calls` says. The time is from the last frame of speech sent to the first delta of sound received, so the wait of
 * the turn detection is in it. CPU is that of all threads but the main one, which plays the callers and stands for the
 * bridge: its event loop's delay shows what the agent does to frames that are due each 20 ms.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeTranscoder } from '../src/audio/transcoder.ts'
import { startLocalAgent } from '../src/providers/local/agent.ts'
import { loadVoiceModule, makeVoice } from '../src/providers/local/voice.ts'
import { WireCaller } from '../test/providers/local/wire-caller.ts'

const [counts = '1,4', seconds = '60', silenceMs = '500'] = process.argv.slice(2)
const SENTENCES = [
  "I'd like to book a table for two tomorrow at seven thirty.",
  'Yes please.',
  'What are your opening hours?',
  'Where are you?',
  "What's on the menu?",
  'How much is dinner?',
  'Can you repeat that?',
  'Are you a robot?',
]

const voice = makeVoice(await loadVoiceModule())
const said = SENTENCES.map((sentence) => overTheTelephone(voice.say(sentence, 'slt', 8000)))
for (const calls of counts.split(',').map(Number)) await measure(calls, Number(seconds) * 1000)

async function measure(calls: number, forMs: number): Promise<void> {
  const startMs = performance.now()
  await using agent = await startLocalAgent({ maxCalls: calls })
  const readyMs = performance.now() - startMs
  const callers = await Promise.all(
    Array.from({ length: calls }, () =>
      WireCaller.call(agent, {
        turn_detection: { type: 'server_vad', threshold: 0.5, silence_duration_ms: Number(silenceMs) },
      }),
    ),
  )
  const loop = monitorEventLoopDelay({ resolution: 5 })
  loop.enable()
  const cpuBefore = agentCpuMs()
  const fromMs = performance.now()
  const turns = (await Promise.all(callers.map((caller, i) => converse(caller, i, fromMs + forMs)))).flat()
  const spentMs = performance.now() - fromMs
  const cpu = (agentCpuMs() - cpuBefore) / spentMs / calls
  loop.disable()
  for (const caller of callers) await caller[Symbol.asyncDispose]()
  const memory = process.memoryUsage.rss() / 1e6
  console.log(
    [
      `${calls} calls, ${turns.length} turns, ${turns.filter((turn) => turn.heard).length} heard`,
      `end of speech to first sound ${spread(turns.map((turn) => turn.fromSpeechMs))} ms`,
      `speech_stopped to first sound ${spread(turns.map((turn) => turn.fromStopMs))} ms`,
      `CPU per call ${(cpu * 100).toFixed(1)} % of a core`,
      `RSS ${memory.toFixed(0)} MB (callers included)`,
      `start ${readyMs.toFixed(0)} ms`,
      `main loop delay p99 ${((loop.percentile(99) - 5e6) / 1e6).toFixed(1)} max ${((loop.max - 5e6) / 1e6).toFixed(1)} ms`,
    ].join('\n  '),
  )
}

async function converse(caller: WireCaller, seed: number, untilMs: number) {
  const turns: { heard: boolean; fromSpeechMs: number; fromStopMs: number }[] = []
  await sleep(500 + seed * 700)
  for (let i = seed; performance.now() < untilMs; i++) {
    const from = caller.events.length
    const endMs = await caller.speak(said[i % said.length] ?? new Uint8Array())
    const done = await caller.until('response.done', from, 20_000)
    const stopped = await caller.until('input_audio_buffer.speech_stopped', from)
    const words = await caller.until('conversation.item.input_audio_transcription.completed', from)
    const sound = caller.events.slice(from).filter((event) => event.type === 'response.audio.delta')
    const first = sound[0]
    if (first !== undefined) {
      const { receivedMs } = first
      turns.push({
        heard: words['transcript'] !== '',
        fromSpeechMs: receivedMs - endMs,
        fromStopMs: receivedMs - stopped.receivedMs,
      })
    }
    // The caller listens to the end: sound comes faster than it is heard.
    const soundMs = sound.reduce((sum, event) => sum + (String(event['delta']).length * 3) / 4 / 48, 0)
    await sleep(Math.max(0, (first?.receivedMs ?? 0) + soundMs - done.receivedMs) + 400)
  }
  return turns
}

/** 8 kHz sound as it is after mu-law, at 16 kHz. */
function overTheTelephone(audio: Uint8Array): Uint8Array {
  const line = makeTranscoder({ encoding: 'pcm16', sampleRate: 8000 }, { encoding: 'mulaw', sampleRate: 8000 })
  return makeTranscoder({ encoding: 'mulaw', sampleRate: 8000 }, { encoding: 'pcm16', sampleRate: 16_000 }).push(
    line.push(trimmed(audio)),
  )
}

/** Without the pause that the voice leaves behind each sentence: the caller's speech ends with its last sound. */
function trimmed(audio: Uint8Array): Uint8Array {
  const samples = new Int16Array(audio.buffer, audio.byteOffset, audio.length / 2)
  const last = samples.findLastIndex((sample) => Math.abs(sample) > 150)
  return audio.subarray(0, (last + 1) * 2)
}

function agentCpuMs(): number {
  const all = process.cpuUsage()
  const main = process.threadCpuUsage()
  return (all.user + all.system - main.user - main.system) / 1000
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number) => (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN).toFixed(0)
  return `median ${at(0.5)}, p95 ${at(0.95)}`
}
