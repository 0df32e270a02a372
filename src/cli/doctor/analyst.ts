import { ask, reasonOf } from './ask.ts'
import { type Check, fail, ok, warn } from './check.ts'

/** Whether whoever sums up calls takes this key. No call is sent: it is asked which models it has. */
export const analystCheck: Check = {
  name: 'analysis',
  async run({ config }, signal) {
    const { analyst } = config.afterCall
    if (analyst === undefined) return ok('calls are summed up by counts only')
    const { host } = new URL(analyst.url)
    const key = analyst.key.reveal()
    try {
      const authorization = analyst.by === 'dmxapi' ? key : `Bearer ${key}`
      const { status } = await ask(`${analyst.url}/models`, { headers: { authorization }, signal })
      if (status === 401 || status === 403) {
        return fail(`${host} refuses the key (${status})`, 'is the key of this region, and may it use the model?')
      }
      return status >= 500 ? warn(`${host} answers with ${status}`, 'try again later') : ok(`${host} takes the key`)
    } catch (error) {
      return fail(`${host}: ${reasonOf(error)}`, 'correct ANALYSIS_URL, or let this machine reach it')
    }
  },
}
