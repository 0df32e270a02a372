import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { pipeline, type Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { ToolError } from '../call/tool.ts'
import { decodeText } from './cut-text.ts'
import { isPublicAddress } from './public-address.ts'

/**
 * Where a request may go.
 *
 * ```
 *   host ─lookup─▶ all addresses ─every one allowed?─▶ connect to just these ─TLS for host─▶ request
 * ```
 * The name is resolved once: the addresses that were checked are the ones that are connected to, so an answer that
 * changes between the two (DNS rebinding) changes nothing.
 */
export interface NetworkGuard {
  /** All addresses of a host name. */
  lookup(host: string): Promise<readonly LookupAddress[]>
  isAllowed(address: string): boolean
  /** Certificate authority to trust instead of the machine's, PEM. */
  readonly ca?: string
}

/** Only machines of the public internet. */
export const publicInternet: NetworkGuard = {
  lookup: (host) => lookup(host, { all: true, order: 'verbatim' }),
  isAllowed: isPublicAddress,
}

/** One request whose answer is wanted as text. */
export interface TextRequest {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Of the answer, after decompression. */
  readonly maxBytes: number
}

/**
 * Asks an https server for text. No redirect is followed, no connection is kept.
 * @throws ToolError when the answer is no 2xx or no text, or the host's address is not allowed; else the socket's error.
 */
export async function fetchText(asked: TextRequest, guard: NetworkGuard, signal: AbortSignal): Promise<string> {
  if (asked.url.protocol !== 'https:') throw new ToolError('the service is not asked without https')
  const addresses = await checkedAddresses(asked.url.hostname, guard)
  signal.throwIfAborted()
  const response = await send(asked, { guard, addresses, signal })
  try {
    return await readText(response, asked.maxBytes)
  } finally {
    response.destroy()
  }
}

async function checkedAddresses(hostname: string, guard: NetworkGuard): Promise<readonly LookupAddress[]> {
  const host = hostname.replace(/^\[|\]$/g, '')
  const family = isIP(host)
  const addresses = family === 0 ? await guard.lookup(host) : [{ address: host, family }]
  // One bad address among good ones is refused too: it is what an attack looks like, and never what an API does.
  if (addresses.length === 0 || !addresses.every(({ address }) => guard.isAllowed(address))) {
    throw new ToolError('the service has an address that is not allowed')
  }
  return addresses
}

function send(
  { url, method, headers, body }: TextRequest,
  { guard, addresses, signal }: { guard: NetworkGuard; addresses: readonly LookupAddress[]; signal: AbortSignal },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { method, headers, signal, agent: false, rejectUnauthorized: true, lookup: pinned(addresses) }
    const sent = request(url, guard.ca === undefined ? options : { ...options, ca: guard.ca }, resolve)
    sent.on('error', reject)
    sent.end(body)
  })
}

function pinned(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, options, answer) => {
    const [first] = addresses
    if (options.all === true) answer(null, [...addresses])
    else if (first !== undefined) answer(null, first.address, first.family)
  }
}

async function readText(response: IncomingMessage, maxBytes: number): Promise<string> {
  const { statusCode = 0, headers } = response
  if (statusCode < 200 || statusCode > 299) throw new ToolError(`the service answered with status ${statusCode}`)
  if (statusCode === 204 || headers['content-length'] === '0') return ''
  const type = headers['content-type'] ?? ''
  if (!/^(text\/[\w.+-]+|application\/([\w.-]+\+)?json)\s*(;|$)/i.test(type)) {
    throw new ToolError('the service answered with something that is no text')
  }
  const charset = /;\s*charset="?([\w:.-]+)/i.exec(type)?.[1] ?? 'utf-8'
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of unpacked(response)) {
    chunks.push(chunk)
    size += chunk.length
    if (size > maxBytes) break
  }
  return decodeText(Buffer.concat(chunks), { maxBytes, charset })
}

/** The answer's bytes as they were before they were packed: a small packed answer may hold gigabytes. */
function unpacked(response: IncomingMessage): Readable {
  switch ((response.headers['content-encoding'] ?? 'identity').trim().toLowerCase()) {
    case 'identity':
      return response
    case 'gzip':
      return pipeline(response, createGunzip(), () => {})
    case 'deflate':
      return pipeline(response, createInflate(), () => {})
    case 'br':
      return pipeline(response, createBrotliDecompress(), () => {})
    default:
      throw new ToolError('the service answered in a packing that is not known')
  }
}
