import { readFile } from 'node:fs/promises'
import type { AgentPlans } from '../../agents/plan.ts'
import { readPlans } from '../../agents/read-plans.ts'
import { makeLog } from '../../base/log.ts'
import { type Config, ConfigError, readConfig, revealTwilio } from '../../config.ts'
import { startOffhook } from '../../offhook.ts'
import { frameLevels, speechSpan } from '../measure.ts'
import { toLine } from '../recording.ts'
import { checks } from './checks.ts'
import { findSite } from './find-site.ts'
import { runChecks, type Told } from './run.ts'
import { type CallReport, callOnce } from './synthetic-call.ts'

/** Of recorded speech: whoever hears it knows that somebody speaks. Not in the image, where nobody speaks then. */
const SPEECH = new URL('../../../fixtures/audio/location.wav', import.meta.url)
const MEASURE_MS = 1000
const CALL_MS = 40_000

type Env = Readonly<Record<string, string | undefined>>

/** What the doctor is told by, where not by the environment. */
export interface ExamineOptions {
  readonly env: Env
  /** Hears of each finding as it is made. */
  readonly tell: (told: Told) => void
  /** [ms since 1970]; default: the machine's. */
  readonly now?: () => number
  readonly measureMs?: number
  /** A WAV of somebody who speaks; default: one of this repository's. */
  readonly speechFile?: URL
}

/** Looks at everything; what cannot be looked at because of something else is left out. */
export async function examine(options: ExamineOptions): Promise<readonly Told[]> {
  const { env, tell, now = Date.now, measureMs = MEASURE_MS, speechFile = SPEECH } = options
  const read = readAll(env)
  if ('problems' in read) {
    const found = read.problems.map((what): Told => ({ check: 'config', level: 'fail', what, todo: 'correct it' }))
    for (const one of found) tell(one)
    return found
  }
  const { config, plans } = read
  await using scope = new AsyncDisposableStack()
  const site = await findSite(config, async () => (await startOwn(config, env, scope)).url)
  const speech = await readFile(speechFile).then(wordsOf, () => undefined)
  let made: Promise<CallReport> | undefined
  const call = () => {
    made ??= callOnce({ config, site }, speech, AbortSignal.timeout(CALL_MS))
    return made
  }
  return await runChecks(checks, { config, plans, site, call, now, measureMs }, tell)
}

/** From its first sound on, as the telephone carries it: how fast somebody falls silent counts from there. */
function wordsOf(file: Uint8Array): Uint8Array {
  const line = toLine(file)
  const { fromMs } = speechSpan(frameLevels(line), 0, line.length / 8) ?? { fromMs: 0 }
  return line.subarray(fromMs * 8)
}

/** Configuration and agents, or all that is wrong with them: a line each. */
function readAll(env: Env): { config: Config; plans: AgentPlans } | { problems: readonly string[] } {
  try {
    const config = readConfig(env)
    const { agent, agentsFile } = config
    const read = readPlans({ agent, agentsFile, twilio: revealTwilio(config), env })
    return 'problems' in read ? read : { config, plans: read.plans }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { problems: error.problems }
  }
}

/** The real server in this process, for one call that nobody is told of, and that is not turned away. */
async function startOwn(config: Config, env: Env, scope: AsyncDisposableStack) {
  const limits = { ...config.limits, maxLagMs: Number.POSITIVE_INFINITY }
  const quiet = { analyst: undefined, webhook: undefined, shapeFile: undefined }
  const own = {
    ...{ ...config, limits, host: '127.0.0.1', port: 0, workers: 1, afterCall: quiet },
    ...{ dataDir: undefined, databaseUrl: undefined, traces: undefined },
    agent: { ...config.agent, recording: false, flightRecorder: false },
  }
  return scope.use(await startOffhook(own, { log: makeLog('silent'), env }))
}
