import { systemClock } from '../../../src/base/clock.ts'
import type { OpenAiOptions } from '../../../src/providers/openai/options.ts'
import { makeOpenAiProvider } from '../../../src/providers/openai/provider.ts'
import { type Conversation, type Scene, simulate } from '../realtime/simulated-call.ts'

type OpenAiScene = Scene & { readonly dialect?: 'openai' | 'azure'; readonly options?: Partial<OpenAiOptions> }

/** A conversation with a simulated model of OpenAI's, there or on Azure. */
export function converse(scene: OpenAiScene = {}): Promise<Conversation> {
  const { dialect = 'openai', options = {} } = scene
  const auth = dialect === 'azure' ? 'api-key' : 'bearer'
  const base = { apiKey: 'sk-1', model: 'gpt-realtime', auth, batchMs: 20, clock: systemClock } as const
  return simulate(scene, dialect, (url) => makeOpenAiProvider({ ...base, url, ...options }))
}
