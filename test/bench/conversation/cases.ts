import { readFileSync } from 'node:fs'
import { readWav } from '../../../src/audio/wav.ts'

/**
 * What a caller's line may bring while the agent speaks, with what is right to do about it.
 *
 * ```
 *   file (8 kHz, quiet 300 ms, sounds, quiet 300 ms) ─▶ level ─┐
 *   line noise ────────────────────────────────────────────────┼─▶ soundOf(case, agent)
 *   what the agent says ─▶ delay, level, room ─▶ echo ─────────┘
 *   0 ms                  speechAtMs            speechEndMs
 * ```
 * Recordings are real but for clicks, tones, breath and noise, which are arithmetic; fixtures/audio/ATTRIBUTION.md says
 * whose they are. Settings are tuned on `tune` and published for `test`: they share no recording, and no speaker.
 */
export interface Case {
  readonly name: string
  readonly kind: CaseKind
  readonly split: 'tune' | 'test'
  /** Whether the agent must stop for it. */
  readonly interrupts: boolean
  /** In `fixtures/audio/cases`; undefined where there is only noise or echo. */
  readonly file: string | undefined
  /** What `file` is brought to while it sounds [dBFS]; clicks are left as they are. */
  readonly levelDbfs: number
  /** Line noise under it, from the start [dBFS]. */
  readonly noiseDbfs: number
  /** Noise that begins at `speechAtMs` [dBFS]. */
  readonly burstDbfs?: number
  readonly echo?: Echo
  /** Where it becomes audible, and where it ends, in the case's sound [ms]: the dry recording within 20 dB of its level. */
  readonly speechAtMs: number
  readonly speechEndMs: number
  readonly durationMs: number
  /** One of the few that a run of the whole server plays. */
  readonly core: boolean
}

/** `word`: said alone; `backchannel`: a hum of 150 ms; `knock`: doors and things put down; `double-talk`: a sentence over the agent's echo. */
export type CaseKind =
  | 'sentence'
  | 'word'
  | 'double-talk'
  | 'backchannel'
  | 'cough'
  | 'breath'
  | 'click'
  | 'knock'
  | 'tone'
  | 'noise'
  | 'music'
  | 'echo'

/** What comes back of the agent's own sound. */
export interface Echo {
  /** Against what the caller hears [dB]. */
  readonly levelDb: number
  readonly delayMs: number
  /** Through a room: three paths instead of one, and duller. */
  readonly room: boolean
}

interface Entry {
  readonly file: string
  readonly kind: CaseKind
  readonly split: 'tune' | 'test'
  readonly soundAtMs: number
  readonly soundEndMs: number
}

const RATE = 8000
/** What every file was brought to. */
const FILE_DBFS = -20
/** A quiet line. */
const FLOOR_DBFS = -65
const folder = new URL('../../../fixtures/audio/cases/', import.meta.url)

/** The case's sound at 8 kHz: what comes from the caller who hears `agent` (8 kHz, from the same instant on). */
export function soundOf(it: Case, agent: Int16Array = new Int16Array()): Int16Array {
  const length = (it.durationMs * RATE) / 1000
  const sum = new Float64Array(length)
  mixIn(sum, noise(length, it.noiseDbfs), 0)
  if (it.burstDbfs !== undefined) {
    const [from, to] = [(it.speechAtMs * RATE) / 1000, (it.speechEndMs * RATE) / 1000]
    mixIn(sum, noise(to - from, it.burstDbfs), from)
  }
  if (it.file !== undefined) mixIn(sum, fileSound(it.file), 0, 10 ** ((it.levelDbfs - FILE_DBFS) / 20))
  if (it.echo !== undefined) mixIn(sum, echoOf(agent, it.echo), 0)
  return Int16Array.from(sum, (value) => Math.max(-32_768, Math.min(32_767, Math.round(value))))
}

/** What comes back to the caller's microphone of `agent`; as long as it and the delay together. */
export function echoOf(agent: Int16Array, echo: Echo): Float64Array {
  const delay = Math.round((echo.delayMs * RATE) / 1000)
  const out = new Float64Array(agent.length + delay + 200)
  const gain = 10 ** (echo.levelDb / 20)
  if (!echo.room) mixIn(out, agent, delay, gain)
  else {
    const dull = Float64Array.from(agent, (sample, i) => (sample + (agent[i - 1] ?? 0)) / 2)
    // Powers 0.72 + 0.2 + 0.08 = 1: the level stays what it says.
    for (const [samples, share] of [
      [0, 0.85],
      [27, -0.45],
      [143, 0.28],
    ] as const)
      mixIn(out, dull, delay + samples, gain * share)
  }
  return out
}

function mixIn(sum: Float64Array, sound: ArrayLike<number>, at: number, gain = 1): void {
  const end = Math.min(sound.length, sum.length - at)
  for (let i = 0; i < end; i++) sum[at + i] = (sum[at + i] ?? 0) + (sound[i] ?? 0) * gain
}

/** Pink noise with a little hum, the same each time. */
function noise(length: number, dbfs: number): Float64Array {
  let state = 20_261
  const white = () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647 - 0.5
  }
  let slow = 0
  let slower = 0
  const sound = Float64Array.from({ length }, (_, i) => {
    const next = white()
    slow = 0.95 * slow + 0.3 * next
    slower = 0.7 * slower + 0.5 * next
    return slow + slower + 0.3 * next + 0.1 * Math.sin((2 * Math.PI * 150 * i) / RATE)
  })
  const power = sound.reduce((total, value) => total + value * value, 0) / Math.max(1, length)
  const gain = (32_768 * 10 ** (dbfs / 20)) / Math.sqrt(power || 1)
  return sound.map((value) => value * gain)
}

function fileSound(file: string): Int16Array {
  return readWav(readFileSync(new URL(file, folder))).channels[0] ?? new Int16Array()
}

function makeCases(): Case[] {
  const entries = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8')) as Entry[]
  return [...entries.flatMap(casesOf), ...noiseCases(), ...echoCases()]
}

type Change = Partial<Pick<Case, 'levelDbfs' | 'noiseDbfs' | 'echo' | 'kind' | 'core'>>

/** How each kind of recording is heard; of each sentence the first and two of the others, in turn. */
const sentences: readonly (readonly [suffix: string, change: Change])[] = [
  ['loud', { levelDbfs: -12 }],
  ['echo', { kind: 'double-talk', echo: { levelDb: -20, delayMs: 121.4, room: false }, core: true }],
  ['soft', { levelDbfs: -28 }],
  ['snr20', { noiseDbfs: -40 }],
  ['far', { levelDbfs: -35 }],
  ['snr10', { noiseDbfs: -30 }],
  ['room-echo', { kind: 'double-talk', echo: { levelDb: -20, delayMs: 203.1, room: true } }],
]
const others: Readonly<Record<string, readonly (readonly [suffix: string, change: Change])[]>> = {
  word: [['soft', { levelDbfs: -30 }]],
  backchannel: [['soft', { levelDbfs: -30 }]],
  cough: [
    ['loud', { levelDbfs: -12 }],
    ['soft', { levelDbfs: -30 }],
  ],
  knock: [['loud', { levelDbfs: -12 }]],
  music: [['soft', { levelDbfs: -32 }]],
}

let turn = 0

function nextTwo(): readonly (readonly [suffix: string, change: Change])[] {
  const two = [sentences[turn % sentences.length], sentences[(turn + 1) % sentences.length]]
  turn += 2
  return two.filter((one) => one !== undefined)
}

function casesOf(entry: Entry): Case[] {
  const { file, kind, split } = entry
  const name = file.replace('.wav', '')
  const durationMs = (fileSound(file).length * 1000) / RATE
  const speech = { speechAtMs: entry.soundAtMs, speechEndMs: entry.soundEndMs, durationMs }
  const make = (suffix: string, change: Change): Case => ({
    name: suffix === '' ? name : `${name} ${suffix}`,
    kind,
    split,
    interrupts: kind === 'sentence' || kind === 'word',
    file,
    levelDbfs: kind === 'breath' ? -32 : FILE_DBFS,
    noiseDbfs: FLOOR_DBFS,
    ...speech,
    ...change,
    core: split === 'test' && change.core === true,
  })
  const changes = kind === 'sentence' ? nextTwo() : (others[kind] ?? [])
  return [make('', { core: split === 'test' }), ...changes.map(([suffix, change]) => make(suffix, change))]
}

const nothing = { interrupts: false, file: undefined, levelDbfs: -Infinity, noiseDbfs: FLOOR_DBFS } as const

/** 20 dB below speech of the usual level, and noise that begins suddenly. */
function noiseCases(): Case[] {
  const times = { speechAtMs: 300, speechEndMs: 3300, durationMs: 3600 }
  const make = (name: string, change: Partial<Case>): Case => ({
    ...nothing,
    ...times,
    name: `noise ${name}`,
    kind: 'noise',
    split: 'test',
    core: true,
    ...change,
  })
  return [
    make('steady -40', { noiseDbfs: -40 }),
    make('sudden -40', { burstDbfs: -40 }),
    make('sudden -40 over -50', { noiseDbfs: -50, burstDbfs: -40, split: 'tune' }),
    make('sudden -30', { burstDbfs: -30, split: 'tune', core: false }),
    make('steady -50', { noiseDbfs: -50, split: 'tune', core: false }),
  ]
}

function echoCases(): Case[] {
  // Not whole milliseconds, as lines are.
  const delays = [60, 91.4, 121.6, 160.4, 201.9, 250]
  const levels = [-20, -15, -25, -30]
  return levels.flatMap((levelDb) =>
    delays.flatMap((delayMs, i) =>
      [false, true].map(
        (room): Case => ({
          ...nothing,
          name: `echo ${levelDb} dB ${Math.round(delayMs)} ms${room ? ' room' : ''}`,
          kind: 'echo',
          split: i % 2 === 0 ? 'test' : 'tune',
          echo: { levelDb, delayMs, room },
          speechAtMs: Math.round(delayMs),
          speechEndMs: 4000,
          durationMs: 4000,
          core: levelDb === -20 && !room,
        }),
      ),
    ),
  )
}

/** Every case. */
export const cases: readonly Case[] = makeCases()
