/*
 * Qwen-Omni over HTTP, as the protocol page has it (sections 5.1 and 5.2): a simulated analyst of calls.
 *
 *   POST /compatible-mode/v1/chat/completions   Authorization: Bearer KEY     chunks of a chat completion
 *   POST /v1/responses                          Authorization: KEY            named events
 *     ├ 404 another path   401 another key, or its form   400 what the page does not describe   the fault of this request
 *     └ 200 text/event-stream: delta, delta, …, end, usage, [DONE]
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AskedQuestion, type Flavour, type Refused, readQuestion } from './request.ts'
import { chatStream, responsesStream } from './stream.ts'

/** What goes wrong with one request. */
export type AnalysisFault =
  | { readonly do: 'status'; readonly status: number; readonly retryAfter?: string }
  /** Nothing comes, and the connection stays. */
  | { readonly do: 'hang' }
  /** The connection breaks after so many deltas. */
  | { readonly do: 'break'; readonly afterDeltas: number }
  /** The answer ends after so many deltas, as if it were whole, without saying so. */
  | { readonly do: 'stop'; readonly afterDeltas: number }
  /** Other words than the right ones. */
  | { readonly do: 'say'; readonly text: string }
  /** An error in the middle of an answer that had begun well. */
  | { readonly do: 'fail'; readonly afterDeltas: number }

export interface AnalysisServerOptions {
  /** The one key that is let in. */
  readonly apiKey: string
  /** What the model says; default: an analysis of the default shape. */
  readonly answer?: (question: AskedQuestion) => string
  /** What goes wrong, request by request; `undefined`: nothing. */
  readonly faults?: readonly (AnalysisFault | undefined)[]
  /** Whether a stream ends with `[DONE]`: the page's samples disagree. Default true. */
  readonly sendsDone?: boolean
  /** Characters of one delta. Default 7. */
  readonly deltaLength?: number
}

/** A server that listens on loopback. */
export interface AnalysisServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`; behind it `/compatible-mode/v1` or `/v1`. */
  readonly url: string
  /** All that came, those that were refused too. */
  readonly asked: readonly (AskedQuestion | { readonly refused: Refused })[]
}

const PATHS: Readonly<Record<string, Flavour>> = {
  '/compatible-mode/v1/chat/completions': 'chat',
  '/v1/responses': 'responses',
}
const MAX_BODY = 32 << 20
const DELTA_LENGTH = 7

const usual = JSON.stringify({
  summary: 'The caller asked when the shop opens and was told: at nine.',
  outcome: 'answered',
  sentiment: 'positive',
  followUps: [],
})

/** Listens on any free port. */
export async function startAnalysisServer(options: AnalysisServerOptions): Promise<AnalysisServer> {
  const asked: (AskedQuestion | { readonly refused: Refused })[] = []
  let count = 0
  const server = createServer((request, response) => {
    const fault = options.faults?.[count++]
    void answer({ request, response, fault, options, asked })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly fault: AnalysisFault | undefined
  readonly options: AnalysisServerOptions
  readonly asked: (AskedQuestion | { readonly refused: Refused })[]
}

async function answer({ request, response, fault, options, asked }: Exchange): Promise<void> {
  const read = await readRequest(request, options.apiKey)
  asked.push(read)
  if ('refused' in read) return refuse(response, read.refused)
  if (fault?.do === 'hang') return
  if (fault?.do === 'status') {
    const { status, retryAfter } = fault
    if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter)
    return refuse(response, { status, code: 'fault', message: 'as was asked for' })
  }
  const text = fault?.do === 'say' ? fault.text : (options.answer?.(read) ?? usual)
  say(response, read, { text, fault, options })
}

async function readRequest(
  request: IncomingMessage,
  apiKey: string,
): Promise<AskedQuestion | { readonly refused: Refused }> {
  const flavour = request.method === 'POST' ? PATHS[request.url ?? ''] : undefined
  const body = await bodyOf(request)
  if (flavour === undefined) return { refused: { status: 404, code: 'not_found', message: 'no such path' } }
  const { authorization } = request.headers
  if (authorization !== (flavour === 'chat' ? `Bearer ${apiKey}` : apiKey)) {
    return { refused: { status: 401, code: 'invalid_api_key', message: 'Incorrect API key provided.' } }
  }
  if (body === undefined) return { refused: { status: 413, code: 'too_large', message: 'the request is too large' } }
  return readQuestion(flavour, authorization, body)
}

/** `undefined`: it is too long, or broke off. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size <= MAX_BODY) chunks.push(chunk)
    }
  } catch {
    return undefined
  }
  return size > MAX_BODY ? undefined : Buffer.concat(chunks).toString('utf8')
}

function refuse(response: ServerResponse, { status, code, message }: Refused): void {
  const error = { message, type: 'invalid_request_error', param: null, code }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
}

interface Saying extends Pick<Exchange, 'fault' | 'options'> {
  readonly text: string
}

function say(response: ServerResponse, question: AskedQuestion, { text, fault, options }: Saying): void {
  const { sendsDone = true, deltaLength = DELTA_LENGTH } = options
  const stream = question.flavour === 'chat' ? chatStream(question, Date.now()) : responsesStream()
  response.writeHead(200, { 'content-type': 'text/event-stream;charset=utf-8' })
  const characters = [...text]
  const deltas = Array.from({ length: Math.ceil(characters.length / deltaLength) }, (_, i) =>
    stream.delta(characters.slice(i * deltaLength, (i + 1) * deltaLength).join('')),
  )
  if (fault === undefined || !('afterDeltas' in fault)) {
    response.end(deltas.join('') + stream.end(deltas.length) + (sendsDone ? 'data: [DONE]\n\n' : ''))
    return
  }
  const begun = deltas.slice(0, fault.afterDeltas).join('')
  if (fault.do === 'stop') response.end(begun)
  else if (fault.do === 'break') response.write(begun, () => response.destroy())
  else response.end(`${begun}event: error\ndata: {"error":{"message":"as was asked for","code":"internal_error"}}\n\n`)
}
