import type { Tell } from './events.ts'
import type { HttpMethod } from './twiml.ts'
import { readTwiml, type Verb } from './twiml.ts'
import { type Form, type WebhookClient, WebhookError, type WebhookReply } from './webhook.ts'

const XML = ['text/xml', 'application/xml', 'text/html']

/** What a call is told to do, and where it came from: relative URLs in it are relative to `url`. */
export interface Document {
  readonly url: string
  readonly verbs: readonly Verb[]
}

/** One question for TwiML. */
export interface Ask {
  readonly url: string
  readonly method: HttpMethod
  readonly form: Form
}

export interface DocumentSource {
  readonly client: WebhookClient
  readonly fallbackUrl: string | undefined
  readonly now: () => number
  readonly tell: Tell
  readonly signal: AbortSignal
}

/** `url` as it is written when it is absolute (its exact bytes are signed), else relative to the document. */
export function resolveUrl(url: string, documentUrl: string): string {
  if (/^https?:\/\//i.test(url)) return url
  if (!URL.canParse(url, documentUrl)) throw new WebhookError(11200, 'not a URL')
  return new URL(url, documentUrl).href
}

/**
 * What the carrier makes of an answer to a webhook: TwiML, text that is read aloud, or a sound that is played.
 * @throws WebhookError with Twilio's code: 11200 status, 12300 content type, 12100 not XML.
 */
function read(reply: WebhookReply, tell: Tell): Document {
  const { status, contentType, body, url } = reply
  if (status < 200 || status > 299) throw new WebhookError(11200, `answered with ${status}`)
  if (contentType?.startsWith('audio/')) return { url, verbs: [{ type: 'play', url, digits: '' }, { type: 'hangup' }] }
  const isText = contentType === 'text/plain'
  if (isText && !body.trimStart().startsWith('<')) return { url, verbs: [{ type: 'say', text: body.trim() }] }
  if (!isText && !XML.includes(contentType ?? '')) throw new WebhookError(12300, `content type ${contentType}`)
  try {
    const { verbs, warnings } = readTwiml(body)
    for (const message of warnings) tell({ type: 'warning', code: 12200, level: 'warning', message })
    return { url, verbs }
  } catch (cause) {
    throw new WebhookError(12100, cause instanceof Error ? cause.message : 'not XML', { cause })
  }
}

async function askOnce(ask: Ask, source: DocumentSource): Promise<Document> {
  const { client, now, signal, tell } = source
  const askedMs = now()
  try {
    const reply = await client.request(ask.url, ask.method, ask.form, signal)
    tell({ type: 'webhook-answered', url: reply.url, status: reply.status, tookMs: now() - askedMs })
    return read(reply, tell)
  } catch (error) {
    if (error instanceof WebhookError)
      tell({ type: 'warning', code: error.code, level: 'error', message: error.message })
    throw error
  }
}

/**
 * Asks for TwiML; when that fails, the fallback URL.
 * @throws WebhookError when there is nothing to go on with; the reason of the signal when the call is over.
 */
export async function fetchDocument(ask: Ask, source: DocumentSource): Promise<Document> {
  try {
    return await askOnce(ask, source)
  } catch (error) {
    if (!(error instanceof WebhookError) || source.fallbackUrl === undefined) throw error
    const form = { ...ask.form, ErrorCode: String(error.code), ErrorUrl: ask.url }
    return await askOnce({ url: source.fallbackUrl, method: 'POST', form }, source)
  }
}
