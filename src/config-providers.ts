import { makeSecret, type Secret } from './base/secret.ts'
import { needed, type Settings } from './settings.ts'

/** Where a model is reached. */
export type ProviderConfig =
  | {
      readonly name: 'qwen'
      readonly apiKey: Secret
      readonly url: string
      readonly model: string
      readonly sessionMin: number
    }
  | {
      readonly name: 'openai' | 'azure'
      readonly apiKey: Secret
      readonly url: string
      /** With Azure the name of a deployment. */
      readonly model: string
      readonly voice: string
      /** `undefined`: the provider's own. */
      readonly transcriptionModel: string | undefined
      readonly sessionMin: number
    }
  | { readonly name: 'local'; readonly maxCalls: number }

type ProviderName = ProviderConfig['name']

/** What each provider cannot be reached without; first its key. */
const needs: Readonly<Record<ProviderName, readonly string[]>> = {
  qwen: ['DASHSCOPE_API_KEY'],
  openai: ['OPENAI_API_KEY'],
  azure: ['AZURE_OPENAI_API_KEY', 'AZURE_OPENAI_URL', 'AZURE_OPENAI_DEPLOYMENT'],
  local: [],
}

/** What is still to be set for the providers that were asked for: a line each. */
export function providerProblems(read: Settings, isSet: (setting: string) => boolean): readonly string[] {
  return providerNames(read, isSet).flatMap((name) =>
    needs[name]
      .filter((setting) => !isSet(setting))
      .map((setting) => `${setting}: expected a value because ${why(read, name)}, got none`),
  )
}

function why(read: Settings, name: ProviderName): string {
  return read.REALTIME_PROVIDERS === undefined ? `${needs[name][0]} is set` : `REALTIME_PROVIDERS has ${name}`
}

/** Those that were asked for, in their order; else every one that has a key; else the embedded agent. */
export function toProviders(read: Settings, isSet: (setting: string) => boolean): readonly ProviderConfig[] {
  return providerNames(read, isSet).map((name) => toProvider(read, name))
}

function providerNames(read: Settings, isSet: (setting: string) => boolean): readonly ProviderName[] {
  if (read.REALTIME_PROVIDERS !== undefined) return read.REALTIME_PROVIDERS
  const all = ['qwen', 'openai', 'azure'] as const
  const withKeys = all.filter((name) => isSet(needs[name][0] ?? ''))
  return withKeys.length > 0 ? withKeys : ['local']
}

function toProvider(read: Settings, name: ProviderName): ProviderConfig {
  switch (name) {
    case 'local':
      return { name, maxCalls: needed(read.LOCAL_MAX_CALLS) }
    case 'qwen':
      return {
        name,
        apiKey: makeSecret(needed(read.DASHSCOPE_API_KEY)),
        url: needed(read.REALTIME_URL),
        model: needed(read.REALTIME_MODEL),
        sessionMin: needed(read.QWEN_SESSION_MIN),
      }
    case 'openai':
      return {
        name,
        apiKey: makeSecret(needed(read.OPENAI_API_KEY)),
        url: needed(read.OPENAI_REALTIME_URL),
        model: needed(read.OPENAI_REALTIME_MODEL),
        voice: needed(read.OPENAI_VOICE),
        transcriptionModel: read.OPENAI_TRANSCRIPTION_MODEL,
        sessionMin: needed(read.OPENAI_SESSION_MIN),
      }
    case 'azure':
      return {
        name,
        apiKey: makeSecret(needed(read.AZURE_OPENAI_API_KEY)),
        url: needed(read.AZURE_OPENAI_URL),
        model: needed(read.AZURE_OPENAI_DEPLOYMENT),
        voice: needed(read.OPENAI_VOICE),
        transcriptionModel: read.AZURE_OPENAI_TRANSCRIPTION_DEPLOYMENT,
        sessionMin: needed(read.OPENAI_SESSION_MIN),
      }
  }
}
