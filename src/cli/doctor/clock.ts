import { isLoopbackUrl } from '../../settings.ts'
import { ask } from './ask.ts'
import { type Check, type Context, fail, ok, warn } from './check.ts'
import { modelOrigins } from './models.ts'

/** `Date` has whole seconds, and the way there takes its time. */
const NEAR_MS = 5000
const FAR_MS = 30_000
const ASK_MS = 4000

/** Whether this machine knows what time it is: stream tokens live for a minute, and certificates are judged by it. */
export const clockCheck: Check = {
  name: 'clock',
  async run(context) {
    const { site, now } = context
    const others = site.how === 'public' && !isLoopbackUrl(site.publicUrl) ? [site.publicUrl] : []
    for (const url of [...modelOrigins(context), ...others]) {
      const offMs = await compare(url, now)
      if (offMs === undefined) continue
      const what = `this machine’s clock is ${Math.round(Math.abs(offMs) / 1000)} s ${offMs > 0 ? 'ahead' : 'behind'}`
      if (Math.abs(offMs) > FAR_MS) return fail(what, 'let NTP set it (timedatectl set-ntp true)')
      return Math.abs(offMs) > NEAR_MS
        ? warn(what, 'let NTP set it (timedatectl set-ntp true)')
        : ok('the clock is right')
    }
    return warn('nobody could be asked what time it is', 'see that NTP sets this machine’s clock (timedatectl)')
  },
}

/** How far our clock is ahead of theirs [ms]; `undefined`: they do not say. */
async function compare(url: string, now: Context['now']): Promise<number | undefined> {
  const asked = now()
  try {
    const { headers } = await ask(url, { method: 'HEAD', signal: AbortSignal.timeout(ASK_MS) })
    const theirs = Date.parse(String(headers['date']))
    // Theirs was cut to whole seconds: half a second on average.
    return Number.isNaN(theirs) ? undefined : (asked + now()) / 2 - (theirs + 500)
  } catch {
    return undefined
  }
}
