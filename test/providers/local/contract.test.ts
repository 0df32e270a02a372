import { systemClock } from '../../../src/base/clock.ts'
import { startLocalAgent } from '../../../src/providers/local/agent.ts'
import { makeQwenProvider } from '../../../src/providers/qwen/provider.ts'
import { describeProvider } from '../../contract/provider.ts'

describeProvider('the embedded agent', async () => {
  const agent = await startLocalAgent({ maxCalls: 2 })
  const { url, apiKey, model } = agent
  const base = { url, apiKey, model, family: 'qwen3.5-flash', batchMs: 20, clock: systemClock } as const
  return {
    provider: makeQwenProvider(base),
    manual: makeQwenProvider({ ...base, turnDetection: 'manual' }),
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  }
})
