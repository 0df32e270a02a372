import { systemClock } from '../../../src/base/clock.ts'
import type { QwenOptions } from '../../../src/providers/qwen/options.ts'
import { makeQwenProvider } from '../../../src/providers/qwen/provider.ts'
import { type Conversation, type Scene, simulate } from '../realtime/simulated-call.ts'

/** A conversation with a simulated Qwen model. */
export function converse(scene: Scene & { readonly options?: Partial<QwenOptions> } = {}): Promise<Conversation> {
  const model = 'qwen3.5-omni-plus-realtime'
  const base = { apiKey: 'sk-1', model, batchMs: 20, clock: systemClock } as const
  return simulate(scene, undefined, (url) => makeQwenProvider({ ...base, url, ...scene.options }))
}
