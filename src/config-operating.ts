import { makeSecret, type Secret } from './base/secret.ts'
import type { PriceList } from './call/cost.ts'
import { needed, type Settings } from './settings.ts'

/** Who may see the page, and what calls cost. */
export interface OperatorConfig {
  /** Without one, and without `userHeader`, only this machine itself may look, and nobody when PUBLIC_URL is elsewhere. */
  readonly password: Secret | undefined
  /** The header in which a proxy that has asked who somebody is says so; believed from `proxies` only. */
  readonly userHeader: string | undefined
  /** IP addresses. */
  readonly proxies: readonly string[]
  readonly prices: PriceList
  readonly currency: string
}

/** What becomes of a call when it is over. */
export interface AfterCallConfig {
  /** Who is asked about it; `undefined`: nobody, it is summarised by counts. */
  readonly analyst:
    | { readonly by: 'qwen' | 'dmxapi'; readonly url: string; readonly model: string; readonly key: Secret }
    | undefined
  /** Path of a JSON Schema; `undefined`: ours. */
  readonly shapeFile: string | undefined
  readonly webhook: { readonly url: string; readonly secret: Secret } | undefined
}

/** Where traces go. */
export interface TracesConfig {
  /** Without `/v1/traces`. */
  readonly endpoint: string
  readonly headers: Secret | undefined
  readonly serviceName: string
}

/** Which model is asked when nothing else is said. The protocol page on HTTP has the sources. */
const models = { qwen: 'qwen3-omni-flash', dmxapi: 'qwen3-omni-flash-all' } as const

/** A secret that may not be set. */
export function secret(text: string | undefined): Secret | undefined {
  return text === undefined ? undefined : makeSecret(text)
}

/** What is wanted together with something else: a line a problem. */
export function operatingProblems(read: Settings, isSet: (setting: string) => boolean): readonly string[] {
  const wants = (wanted: string, expected: string, because: string, holds: boolean) =>
    holds && !isSet(wanted) ? [`${wanted}: expected ${expected} because ${because}, got none`] : []
  const nowhere = read.DATA_DIR === 'none'
  const records = (['RECORDING', 'FLIGHT_RECORDER'] as const).flatMap((name) =>
    read[name] === true && nowhere ? [`DATA_DIR: expected a directory because ${name} is on, got none`] : [],
  )
  return [
    ...records,
    ...wants('WEBHOOK_SECRET', 'what signs webhooks', 'WEBHOOK_URL is set', isSet('WEBHOOK_URL')),
    ...wants('DASHSCOPE_API_KEY', 'a key', 'ANALYSIS is qwen', read.ANALYSIS === 'qwen'),
    ...wants('DMXAPI_KEY', 'a key', 'ANALYSIS is dmxapi', read.ANALYSIS === 'dmxapi'),
  ]
}

/** The part of the configuration that operators see calls by. */
export function toOperating(read: Settings): {
  readonly operator: OperatorConfig
  readonly afterCall: AfterCallConfig
  readonly traces: TracesConfig | undefined
} {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, WEBHOOK_URL: webhookUrl, WEBHOOK_SECRET: webhookSecret } = read
  return {
    operator: {
      password: secret(read.OPERATOR_PASSWORD),
      userHeader: read.OPERATOR_USER_HEADER?.toLowerCase(),
      proxies: needed(read.OPERATOR_PROXIES),
      prices: read.MODEL_PRICES ?? {},
      currency: needed(read.PRICE_CURRENCY),
    },
    afterCall: {
      analyst: analystOf(read),
      shapeFile: read.ANALYSIS_SHAPE_FILE,
      webhook:
        webhookUrl === undefined || webhookSecret === undefined
          ? undefined
          : { url: webhookUrl, secret: makeSecret(webhookSecret) },
    },
    traces:
      endpoint === undefined
        ? undefined
        : { endpoint, headers: secret(read.OTEL_EXPORTER_OTLP_HEADERS), serviceName: needed(read.OTEL_SERVICE_NAME) },
  }
}

function analystOf(read: Settings): AfterCallConfig['analyst'] {
  const { ANALYSIS: asked, DASHSCOPE_API_KEY: qwenKey, DMXAPI_KEY: dmxKey } = read
  const keys = { qwen: qwenKey, dmxapi: dmxKey }
  const found = (['qwen', 'dmxapi'] as const).find((by) => (asked === 'auto' || asked === by) && keys[by] !== undefined)
  const key = found === undefined ? undefined : keys[found]
  if (found === undefined || key === undefined) return undefined
  const url = read.ANALYSIS_URL ?? (found === 'dmxapi' ? 'https://www.dmxapi.cn/v1' : compatibleMode(read))
  return { by: found, url, model: read.ANALYSIS_MODEL ?? models[found], key: makeSecret(key) }
}

/** A key belongs to one region, and goes to no other host than the one that it was given for. */
function compatibleMode({ REALTIME_URL: realtimeUrl }: Settings): string {
  const { protocol, host } = new URL(needed(realtimeUrl))
  return `${protocol === 'wss:' ? 'https:' : 'http:'}//${host}/compatible-mode/v1`
}
