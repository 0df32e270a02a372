/** Where a call's media goes, and what goes along. */
export interface StreamAddress {
  readonly url: string
  readonly parameters: Readonly<Record<string, string>>
}

/** How long the webhook may take [ms]. */
const ANSWER_MS = 10_000

/** Announces a call as the carrier does and reads the `<Stream>` of the answer. @throws Error when there is none. */
export async function announce(webhook: string, callSid: string, accountSid: string): Promise<StreamAddress> {
  const form = new URLSearchParams({
    CallSid: callSid,
    AccountSid: accountSid,
    ApiVersion: '2010-04-01',
    From: '+15005550006',
    To: '+15005550001',
    Caller: '+15005550006',
    Called: '+15005550001',
    CallStatus: 'ringing',
    Direction: 'inbound',
  })
  const response = await fetch(webhook, { method: 'POST', body: form, signal: AbortSignal.timeout(ANSWER_MS) })
  if (!response.ok) throw new Error(`the webhook answered ${response.status}`)
  return readStream(await response.text())
}

/** The `<Stream>` of a TwiML document and its parameters. @throws Error when it has none. */
export function readStream(twiml: string): StreamAddress {
  const url = /<Stream [^>]*\burl="([^"]*)"/.exec(twiml)?.[1]
  if (url === undefined) throw new Error(`no stream in the answer: ${twiml.slice(0, 200)}`)
  const parameters = [...twiml.matchAll(/<Parameter name="([^"]*)" value="([^"]*)"/g)]
  return {
    url: plain(url),
    parameters: Object.fromEntries(parameters.map(([, name = '', value = '']) => [plain(name), plain(value)])),
  }
}

function plain(xml: string): string {
  return xml.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
