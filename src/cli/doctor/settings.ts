import { isLoopbackUrl } from '../../settings.ts'
import { type Check, type Finding, ok, warn } from './check.ts'

/** What is set so that it works, and an operator may still not have meant it. What is wrong never came so far. */
export const settingsCheck: Check = {
  name: 'settings',
  async run({ config, plans }) {
    const agents = plans.numbers.size
    const found: Finding[] = [
      ok(`the configuration can be read${agents === 0 ? '' : `, with agents for ${agents} number(s)`}`),
    ]
    const { publicUrl, providers, dataDir, databaseUrl, fallbackNumber, metricsToken } = config
    const isPublic = publicUrl !== undefined && !isLoopbackUrl(publicUrl)
    if (!isPublic) {
      found.push(warn('calls are taken from this machine only', 'set PUBLIC_URL and TWILIO_AUTH_TOKEN to go live'))
    }
    if (providers.every(({ name }) => name === 'local')) {
      found.push(warn('the embedded demo agent answers', 'set DASHSCOPE_API_KEY, or another key, for a real model'))
    }
    if (dataDir === undefined && databaseUrl === undefined) {
      found.push(
        warn('calls are kept nowhere', 'set DATA_DIR: a call then survives its process, and there is a history'),
      )
    }
    if (isPublic && fallbackNumber === undefined && providers.length === 1) {
      found.push(warn('without its one model callers hear an apology', 'set FALLBACK_NUMBER, or a second provider'))
    }
    if (isPublic && metricsToken === undefined) {
      found.push(warn('nobody can read /metrics', 'set METRICS_TOKEN, and alerts by docs/metrics.md'))
    }
    return found
  },
}
