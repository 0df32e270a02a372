import { ask, reasonOf } from './ask.ts'
import { type Check, fail, ok, warn } from './check.ts'

/** Whether the collector of traces takes what we send: an empty batch. */
export const collectorCheck: Check = {
  name: 'traces',
  async run({ config: { traces } }, signal) {
    if (traces === undefined) return ok('there are none')
    const { host } = new URL(traces.endpoint)
    const pairs = (traces.headers?.reveal() ?? '').split(',').flatMap((pair) => {
      const at = pair.indexOf('=')
      return at <= 0 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]]
    })
    const headers = { ...Object.fromEntries(pairs), 'content-type': 'application/json' }
    try {
      const body = '{"resourceSpans":[]}'
      const { status } = await ask(`${traces.endpoint}/v1/traces`, { method: 'POST', headers, body, signal })
      if (status === 401 || status === 403) {
        return warn(`${host} refuses us (${status})`, 'correct OTEL_EXPORTER_OTLP_HEADERS')
      }
      if (status >= 300)
        return warn(`${host} answers with ${status}`, 'is it an OTLP/HTTP collector? Usually on port 4318')
      return ok(`${host} takes traces`)
    } catch (error) {
      return fail(`${host}: ${reasonOf(error)}`, 'correct OTEL_EXPORTER_OTLP_ENDPOINT; calls go on without it')
    }
  },
}
