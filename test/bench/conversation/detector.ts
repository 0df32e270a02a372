/*
 * How well and at what cost the ear hears the caller, over every case; the agent speaks meanwhile.
 *
 *     node test/bench/conversation/detector.ts [tune|test]
 */
import { readFileSync } from 'node:fs'
import { Ear, type EarNews } from '../../../src/audio/ear.ts'
import { mulaw8k, pcm16k } from '../../../src/audio/format.ts'
import { encodeMulaw } from '../../../src/audio/g711.ts'
import { makeSilero } from '../../../src/audio/silero.ts'
import { parseSileroWeights } from '../../../src/audio/silero-weights.ts'
import { makeTranscoder } from '../../../src/audio/transcoder.ts'
import { readWav } from '../../../src/audio/wav.ts'
import { readSpeechWeights } from '../../../src/base/speech-weights.ts'
import { type Case, cases, soundOf } from './cases.ts'

/** What the ear said of one case; times are those of the end of the 20 ms frame in which it said it, in the case's sound. */
interface Heard {
  readonly case: Case
  readonly onsetMs: number | undefined
  readonly sustainedMs: number | undefined
}

const FRAME = 160
const FRAME_MS = 20
const agentFile = new URL('../../../fixtures/audio/long-turn.wav', import.meta.url)
const weights = parseSileroWeights(readSpeechWeights())

/** What the agent says: a real sentence, from its first word on. */
export function agentSpeech(): Int16Array {
  return (readWav(readFileSync(agentFile)).channels[0] ?? new Int16Array()).subarray(1600)
}

/** An ear with a judge. */
function makeEar(judged = true): Ear {
  return new Ear(judged ? { format: mulaw8k, speech: () => makeSilero(weights) } : { format: mulaw8k })
}

/** Lets an ear hear one case while the agent speaks. */
function hear(one: Case, judged = true): Heard {
  const agent = agentSpeech()
  const ear = makeEar(judged)
  const first = new Map<EarNews, number>()
  const sound = encodeMulaw(soundOf(one, agent))
  const played = encodeMulaw(agent)
  for (let at = 0; at + FRAME <= sound.length; at += FRAME) {
    const news = ear.hear(sound.subarray(at, at + FRAME), played.subarray(at, at + FRAME), true)
    if (news !== undefined && !first.has(news)) first.set(news, (at / FRAME + 1) * FRAME_MS)
  }
  return { case: one, onsetMs: first.get('onset'), sustainedMs: first.get('sustained') }
}

/** One row a kind: what was found late, what was missed, what was found and is nothing. */
function tabulate(heard: readonly Heard[]): string[] {
  const rows = [
    '| kind | cases | onset p50 | p95 | no onset | > 120 ms | sustained p50 | not sustained |',
    '|---|---|---|---|---|---|---|---|',
  ]
  for (const [kind, all] of Map.groupBy(heard, (one) => one.case.kind)) {
    const onsets = all.map((one) => (one.onsetMs ?? Infinity) - one.case.speechAtMs).sort((a, b) => a - b)
    const sustained = all.map((one) => (one.sustainedMs ?? Infinity) - one.case.speechAtMs).sort((a, b) => a - b)
    const count = (values: readonly number[], test: (ms: number) => boolean) => values.filter(test).length
    const cells = [
      kind,
      all.length,
      at(onsets, 0.5),
      at(onsets, 0.95),
      count(onsets, (ms) => ms === Infinity),
      count(onsets, (ms) => ms > 120),
      at(sustained, 0.5),
      count(sustained, (ms) => ms === Infinity),
    ]
    rows.push(`| ${cells.join(' | ')} |`)
  }
  return rows
}

function at(sorted: readonly number[], share: number): string {
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Infinity
  return value === Infinity ? '-' : `${Math.round(value)} ms`
}

/** CPU for a second of sound [us], and as a multiple of what the uplink's transcoder takes for it in the same run. */
function measureCost(): readonly { readonly what: string; readonly us: number; readonly ratio: number }[] {
  const agent = agentSpeech()
  const played = encodeMulaw(agent)
  const sound = (kind: string) => encodeMulaw(soundOf(cases.find((one) => one.kind === kind) as Case, agent))
  const speech = sound('sentence')
  const quiet = encodeMulaw(new Int16Array(8000).map((_, i) => (i * 7919) % 13))
  const runs: readonly (readonly [what: string, sound: Uint8Array, run: (sound: Uint8Array) => void])[] = [
    ['uplink transcoder, mulaw/8000 to pcm16/16000', speech, transcode],
    ['gate, silence', quiet, (it) => listen(makeEar(false), it, undefined)],
    ['gate, caller speaks', speech, (it) => listen(makeEar(false), it, undefined)],
    ['agent heard, silence', quiet, (it) => listen(makeEar(), it, played)],
    ['agent heard, its echo at -20 dB', sound('echo'), (it) => listen(makeEar(), it, played)],
    ['agent heard, caller speaks', speech, (it) => listen(makeEar(), it, played)],
    ['agent heard, music on hold', sound('music'), (it) => listen(makeEar(), it, played)],
  ]
  const costs = runs.map(([what, it, run]) => ({ what, us: medianUs(() => run(it)) / (it.length / 8000) }))
  const base = costs[0]?.us ?? Number.NaN
  return costs.map((cost) => ({ ...cost, ratio: cost.us / base }))
}

function transcode(sound: Uint8Array): void {
  const uplink = makeTranscoder(mulaw8k, pcm16k)
  inFrames(sound, (frame) => uplink.push(frame))
}

function medianUs(run: () => void): number {
  const once = () => {
    const from = process.cpuUsage()
    for (let i = 0; i < 10; i++) run()
    const { user, system } = process.cpuUsage(from)
    return (user + system) / 10
  }
  once()
  const times = Array.from({ length: 9 }, once).sort((a, b) => a - b)
  return times[4] ?? Number.NaN
}

function listen(ear: Ear, sound: Uint8Array, played: Uint8Array | undefined): void {
  inFrames(sound, (frame, from) => ear.hear(frame, played?.subarray(from, from + FRAME), played !== undefined))
}

function inFrames(sound: Uint8Array, take: (frame: Uint8Array, from: number) => void): void {
  for (let from = 0; from + FRAME <= sound.length; from += FRAME) take(sound.subarray(from, from + FRAME), from)
}

if (import.meta.main) {
  const split = process.argv[2]
  const heard = cases.filter((one) => split === undefined || one.split === split).map((one) => hear(one))
  console.log(tabulate(heard).join('\n'))
  for (const { case: one, onsetMs, sustainedMs } of heard) {
    const late = (onsetMs ?? Infinity) - one.speechAtMs > 120 || sustainedMs === undefined
    if (one.interrupts ? late : onsetMs !== undefined)
      console.log(one.name, { from: one.speechAtMs, onsetMs, sustainedMs })
  }
  console.table(measureCost().map(({ what, us, ratio }) => ({ what, 'us/s': Math.round(us), ratio: ratio.toFixed(1) })))
}
