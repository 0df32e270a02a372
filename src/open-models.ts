import type { Logger } from './base/log.ts'
import type { Config } from './config.ts'
import type { ProviderConfig } from './config-providers.ts'
import { startLocalAgent } from './providers/local/agent.ts'
import type { SupervisorEvent } from './providers/local/supervisor.ts'
import type { ModelAccount, ModelSettings } from './workers/models.ts'

/**
 * Where the models are reached, in the order in which they are tried. The embedded agent is started once, whatever the
 * number of workers; `down` is called when it has crashed too often and is not started again.
 */
export async function openModels(
  { providers }: Config,
  log: Logger,
  scope: AsyncDisposableStack,
  down: () => void,
): Promise<ModelSettings['models']> {
  const [first, ...others] = await Promise.all(providers.map((provider) => openModel(provider, log, scope, down)))
  if (first === undefined) throw new RangeError('providers: expected at least one, got none')
  return [first, ...others]
}

async function openModel(
  provider: ProviderConfig,
  log: Logger,
  scope: AsyncDisposableStack,
  down: () => void,
): Promise<ModelAccount> {
  switch (provider.name) {
    case 'qwen':
      return { type: 'qwen', ...provider, apiKey: provider.apiKey.reveal() }
    case 'openai':
      return { type: 'openai', auth: 'bearer', ...provider, name: provider.name, apiKey: provider.apiKey.reveal() }
    case 'azure':
      return { type: 'openai', auth: 'api-key', ...provider, name: provider.name, apiKey: provider.apiKey.reveal() }
    case 'local': {
      const onEvent = (event: SupervisorEvent) => {
        if (event.type === 'crashed' && !event.restarts) down()
      }
      const { url, apiKey, model } = scope.use(await startLocalAgent({ maxCalls: provider.maxCalls, log, onEvent }))
      return { type: 'qwen', name: 'local', url, apiKey, model, family: 'qwen3.5-flash' }
    }
  }
}
