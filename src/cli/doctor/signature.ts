import { reasonOf } from './ask.ts'
import { type Check, type Context, type Finding, fail, ok, warn } from './check.ts'
import { askSigned, formOf } from './signed.ts'

const DOOR = '/twilio/call-status'
const WRONG = 'bm90IHRoZSBzaWduYXR1cmUgb2YgYW55Ym9keQ=='

/**
 * Whether what Twilio signs is taken, and what it does not is refused. Asked is the door for news of calls, about a call
 * that nobody knows: nothing comes of it.
 */
export const signatureCheck: Check = {
  name: 'signature',
  async run(context, signal) {
    if (context.config.twilio.authTokens.length === 0) {
      return warn('no signature is checked: only this machine is let in', 'set TWILIO_AUTH_TOKEN to go live')
    }
    try {
      const right = await askSigned(context, DOOR, formOf(context), { signal })
      const wrong = await askSigned(context, DOOR, formOf(context), { signature: WRONG, signal })
      if (wrong.status < 300) {
        return fail('the server takes requests that nobody signed', 'give it the TWILIO_AUTH_TOKEN that is set here')
      }
      if (right.status < 300) return ok('what Twilio signs is taken, and nothing else')
      if (right.status === 403) return await whyRefused(context, signal)
      if (right.status >= 300 && right.status < 400) {
        return fail(`${DOOR} is redirected (${right.status})`, 'set PUBLIC_URL to where it leads')
      }
      return fail(
        `${DOOR} is answered with ${right.status}`,
        'let the proxy hand all of /twilio/ to this server, as it is',
      )
    } catch (error) {
      return fail(`${DOOR}: ${reasonOf(error)}`, 'see what is said of the public URL')
    }
  },
}

/** Tries the addresses for which a server behind a careless proxy may take itself. */
async function whyRefused(context: Context, signal: AbortSignal): Promise<Finding> {
  for (const base of mistakes(context.site.publicUrl)) {
    const { status } = await askSigned(context, DOOR, formOf(context), { base, signal })
    if (status < 300) {
      const todo = `give the server PUBLIC_URL=${context.site.publicUrl}, and let the proxy leave the path as it is`
      return fail(`what is signed for PUBLIC_URL is refused: the server takes itself for ${base}`, todo)
    }
  }
  const todo = 'compare TWILIO_AUTH_TOKEN, TWILIO_ACCOUNT_SID and PUBLIC_URL here with what the server was started with'
  return fail('what is signed with this TWILIO_AUTH_TOKEN is refused', `${todo}; a proxy may change the path`)
}

/** The same address as it becomes on the way: another scheme, a port, a path that was cut off. */
function mistakes(publicUrl: string): readonly string[] {
  const { protocol, host, hostname, origin } = new URL(publicUrl)
  const other = protocol === 'https:' ? 'http:' : 'https:'
  const bases = [origin, `${other}//${host}`, `${other}//${hostname}`, `http://${hostname}:8080`, `${publicUrl}/twilio`]
  return [...new Set(bases)].filter((base) => base !== publicUrl)
}
