import { ask, reasonOf } from './ask.ts'
import { type Check, fail, ok, warn } from './check.ts'

/** Whether there is somebody at WEBHOOK_URL. Nothing is sent that could be taken for a call. */
export const webhookCheck: Check = {
  name: 'webhook',
  async run({ config }, signal) {
    const { webhook } = config.afterCall
    if (webhook === undefined) return ok('there is none')
    const { host } = new URL(webhook.url)
    try {
      const { status } = await ask(webhook.url, { method: 'HEAD', signal })
      if (status >= 300 && status < 400)
        return warn(`${host} redirects (${status})`, 'set WEBHOOK_URL to where it leads')
      if (status >= 500) return warn(`${host} answers with ${status}`, 'look at its log')
      return ok(`${host} can be reached`)
    } catch (error) {
      return fail(`${host}: ${reasonOf(error)}`, 'correct WEBHOOK_URL, or let this machine reach it')
    }
  },
}
