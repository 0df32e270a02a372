import type { AgentPlan, AgentPlans } from '../../agents/plan.ts'
import { systemClock } from '../../base/clock.ts'
import { CallError, type ErrorCode } from '../../base/errors.ts'
import { makeLog } from '../../base/log.ts'
import type { Config } from '../../config.ts'
import { openModels } from '../../open-models.ts'
import { type ModelAccount, modelsOf } from '../../workers/models.ts'
import { reasonOf } from './ask.ts'
import { type Check, type Context, type Finding, fail, ok, warn } from './check.ts'

/** Each costs a session at the model; more voices than this are left out, and that is said. */
const MAX_SESSIONS = 8
const SLOW_MS = 2000

/** Whether each model takes this key, this model's name and these voices: a session is opened as a call opens it. */
export const modelsCheck: Check = {
  name: 'model',
  deadlineMs: 40_000,
  async run({ config, plans }, signal) {
    await using scope = new AsyncDisposableStack()
    const accounts = await openModels(config, makeLog('silent'), scope, () => undefined)
    const found: Finding[] = []
    for (const [i, account] of accounts.entries()) {
      // A plan's own voice and model are the first provider's only.
      const asked = i === 0 ? voicesOf(plans) : [plans.default]
      for (const plan of asked.slice(0, MAX_SESSIONS)) found.push(await tried(plan, account, config, signal))
      const left = asked.length - MAX_SESSIONS
      if (left > 0) found.push(warn(`${left} more voice(s) were not tried`, 'call those numbers'))
    }
    return found
  },
}

/** One plan for each voice and model that some number has. */
function voicesOf({ default: fallback, numbers }: AgentPlans): readonly AgentPlan[] {
  const plans = [fallback, ...numbers.values()]
  return [...new Map(plans.toReversed().map((plan) => [`${plan.model} ${plan.voice}`, plan])).values()].toReversed()
}

async function tried(plan: AgentPlan, account: ModelAccount, config: Config, signal: AbortSignal): Promise<Finding> {
  const { narrowband, batchMs, leadMs, heardTruth, modelInterrupts } = config
  const settings = { narrowband, batchMs, leadMs, heardTruth, modelInterrupts, models: [account] as const }
  const who = `${account.name ?? account.type}: ${plan.model ?? account.model}, ${voiceOf(plan, account)}`
  const began = performance.now()
  try {
    const [provider] = modelsOf(plan, { settings, clock: systemClock, log: undefined })
    const options = { callId: 'doctor', instructions: 'Say nothing.', tools: [] }
    await using session = await provider.connect(options, signal)
    const { inputFormat } = session
    const tookMs = Math.round(performance.now() - began)
    const what = `${who}: a session is open after ${tookMs} ms, with ${inputFormat.sampleRate / 1000} kHz`
    return tookMs > SLOW_MS ? warn(what, 'is the model’s region far from here?') : ok(what)
  } catch (error) {
    if (error instanceof RangeError) return fail(`${who}: ${error.message}`, adviceFor('provider-config', account))
    if (!(error instanceof CallError)) return fail(`${who}: ${reasonOf(error)}`, adviceFor('provider-timeout', account))
    return fail(`${who}: ${error.code}: ${error.message}`, adviceFor(error.code, account))
  }
}

function voiceOf({ voice }: AgentPlan, account: ModelAccount): string {
  const own = voice ?? ('voice' in account ? account.voice : undefined)
  return own === undefined ? 'its own voice' : `voice ${own}`
}

function adviceFor(code: ErrorCode, { url, name }: ModelAccount): string {
  const host = URL.parse(url)?.host ?? url
  switch (code) {
    case 'provider-refused':
      return host.includes('dashscope')
        ? `the key is wrong, or of another region than ${host}: keys of Beijing and of Singapore (dashscope-intl) differ`
        : `the key is wrong for ${host}, or its account may not use realtime models`
    case 'provider-config':
      return 'correct AGENT_VOICE (or the voice in AGENTS_FILE), or the model’s name: the message says which'
    case 'provider-busy':
      return 'too many sessions or requests for this account: wait, or ask for a higher limit'
    case 'provider-timeout':
    case 'provider-lost':
      return name === 'local' ? 'look at its log' : `is ${host} to be reached from here, through firewall and DNS?`
    default:
      return `is it a realtime endpoint at ${host}? correct its URL`
  }
}

/** The https origin of each model that is somewhere else: for who wants to know what time it is there. */
export function modelOrigins({ config }: Pick<Context, 'config'>): readonly string[] {
  return config.providers.flatMap((provider) =>
    provider.name === 'local' ? [] : [new URL(provider.url.replace(/^ws/, 'http')).origin],
  )
}
