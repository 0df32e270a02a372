import type { Config } from '../../config.ts'
import { isLoopbackUrl } from '../../settings.ts'
import { ask, reasonOf } from './ask.ts'
import { type Check, type Finding, fail, ok, warn } from './check.ts'

const PRIVATE = '/api/calls'

/** Whether operators can sign in to the page, and nobody else gets in. */
export const pageCheck: Check = {
  name: 'page',
  async run({ config, site }, signal) {
    const { publicUrl, connectTo } = site
    const { password, userHeader } = config.operator
    // Nobody else can reach it, so there is nobody to try it as.
    if (isLoopbackUrl(publicUrl)) return ok(whoMay(config.operator))
    const get = (headers: Readonly<Record<string, string>>) =>
      ask(`${publicUrl}${PRIVATE}`, { connectTo, signal, headers: { 'x-forwarded-for': '203.0.113.7', ...headers } })
    try {
      const found: Finding[] = []
      const { status } = await get({})
      if (status === 200)
        found.push(fail('calls are shown to whoever asks', 'set OPERATOR_PASSWORD; update the server'))
      // From this machine itself such a header is believed; only the way through the proxy shows what strangers can do.
      if (
        userHeader !== undefined &&
        connectTo === undefined &&
        (await get({ [userHeader]: 'doctor' })).status === 200
      ) {
        const todo = 'let the proxy take it out of what comes in before it sets its own'
        found.push(fail(`whoever sends ${userHeader} is taken for an operator`, todo))
      }
      if (found.length > 0) return found
      // Only a refusal shows that it was our server who was asked, and that it asks back.
      if (status !== 401 && status !== 403) {
        const todo = 'let the proxy hand all of /api/ to this server, as it is; update the server'
        return fail(`${PRIVATE} is answered with ${status}, and should be refused (401 or 403)`, todo)
      }
    } catch (error) {
      return warn(`${PRIVATE}: ${reasonOf(error)}`, 'see what is said of the public URL')
    }
    if (password === undefined && userHeader === undefined) {
      return warn('nobody can sign in to the page', 'set OPERATOR_PASSWORD, or OPERATOR_USER_HEADER behind a proxy')
    }
    return ok('the page is for operators only')
  },
}

function whoMay({ password, userHeader }: Config['operator']): string {
  if (password !== undefined) return 'the page is for whoever has the password, on this machine too'
  if (userHeader !== undefined) return `the page is for whom the proxy names in ${userHeader}; no password is set`
  return 'the page is for this machine only; no password is set'
}
