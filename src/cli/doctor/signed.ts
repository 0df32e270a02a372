import { DOCTOR_NUMBER } from '../../after-call/doctor-number.ts'
import { revealTwilio } from '../../config.ts'
import { makeSid } from '../../simulators/carrier/parameters.ts'
import { sign, signedWebhookUrl } from '../../simulators/carrier/signature.ts'
import { type Answer, askForm } from './ask.ts'
import type { Context } from './check.ts'

/** The form of a question about a call; of one that nobody knows, unless it is named. */
export function formOf({ config }: Pick<Context, 'config'>, callSid = makeSid('CA')): Record<string, string> {
  const accountSid = config.twilio.accountSid ?? `AC${'0'.repeat(32)}`
  return { AccountSid: accountSid, CallSid: callSid, CallStatus: 'completed', From: DOCTOR_NUMBER, To: DOCTOR_NUMBER }
}

/** Asks one of Twilio's doors, signed as if the server were at `base` (default: where it is), or not signed at all. */
export async function askSigned(
  { config, site }: Pick<Context, 'config' | 'site'>,
  path: string,
  form: Readonly<Record<string, string>>,
  { base = site.publicUrl, signature, signal }: { base?: string; signature?: string; signal: AbortSignal },
): Promise<Answer> {
  const [token] = revealTwilio(config).authTokens
  const right = token === undefined ? undefined : sign(token, signedWebhookUrl(`${base}${path}`), form)
  const shown = signature ?? right
  return await askForm(`${site.publicUrl}${path}`, form, {
    connectTo: site.connectTo,
    signal,
    headers: shown === undefined ? {} : { 'x-twilio-signature': shown },
  })
}
