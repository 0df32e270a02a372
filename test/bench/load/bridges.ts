import { fileURLToPath } from 'node:url'
import type { Contender } from './args.ts'
import type { Dialect } from './messages.ts'

/** How a bridge is run. */
export interface BridgePlan {
  /** The program, from the root of its checkout. */
  readonly script: string
  readonly dialect: Dialect
  readonly env: (contender: Contender, modelUrl: string, workers: number | undefined) => Record<string, string>
  /** Where calls go, when it has said on stdout that it "answers calls on" an address. */
  readonly target: (address: string) => string
}

/** The root of the repository. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))

/** A program of ours under bridges/: it takes the model's address and says where its media socket is. */
function bare(script: string, dialect: Dialect): BridgePlan {
  return {
    script: `test/bench/load/bridges/${script}`,
    dialect,
    env: (_contender, modelUrl) => ({ MODEL_URL: modelUrl }),
    target: (address) => address,
  }
}

/** Offhook as an operator runs it, but for signatures: on loopback none are needed. */
const offhook: BridgePlan = {
  script: 'src/main.ts',
  dialect: 'qwen',
  env: ({ batchMs }, modelUrl, workers) => ({
    NODE_ENV: 'production',
    REALTIME_PROVIDERS: 'qwen',
    // All callers have one number, and all of them are to be taken.
    ...{ MAX_CALLS: '10000', MAX_CALLS_PER_CALLER: '10000', CALLER_CALLS_PER_HOUR: '100000', MAX_LAG_MS: '10000' },
    DASHSCOPE_API_KEY: 'any',
    ANALYSIS: 'off',
    REALTIME_URL: modelUrl,
    DATA_DIR: 'none',
    PORT: '0',
    LOG_LEVEL: 'warn',
    AUDIO_BATCH_MS: String(batchMs),
    AGENT_GREETING: '',
    // Callers here send noise, in which our own ear finds nobody. It listens all the same.
    BARGE_IN: 'model',
    ...(workers === undefined ? {} : { WORKERS: String(workers) }),
  }),
  target: (address) => `${address}/twilio/voice`,
}

const plans = {
  relay: bare('relay.ts', 'qwen'),
  offhook,
  /** Offhook of another checkout (`--baseline`): before and after, side by side. */
  baseline: offhook,
  naive: bare('naive.ts', 'qwen'),
  /** The floor of the two below, whose sound is smaller on the wire: mu-law both ways. */
  'relay-mulaw': bare('relay.ts', 'openai'),
  'twilio-realtime-agents': bare('twilio-realtime-agents.ts', 'openai'),
  'openai-agents': bare('openai-agents.ts', 'openai'),
} as const

export type BridgeName = keyof typeof plans

export const bridgeNames = Object.keys(plans) as readonly BridgeName[]

export function planOf(name: BridgeName): BridgePlan {
  return plans[name]
}
