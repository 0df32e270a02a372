import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport, StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  type CallToolResult,
  CallToolResultSchema,
  ErrorCode,
  ListToolsResultSchema,
  McpError,
  type Tool as McpTool,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { systemClock } from '../base/clock.ts'
import { ToolError } from '../call/tool.ts'
import { shortLine } from './cut-text.ts'
import { within } from './within.ts'

const MAX_PAGES = 20
/** Of one HTTP answer: a list of tools, a result, a stream of them. A server that sends more is no tool's. */
const MAX_ANSWER_BYTES = 2_097_152
const FAREWELL_MS = 1000

/** One open session with an MCP server. */
export interface McpSession {
  list(signal: AbortSignal): Promise<readonly McpTool[]>
  call(name: string, args: Record<string, unknown>, signal: AbortSignal): Promise<CallToolResult>
  /** Says goodbye, for a second at most, and lets go of everything. */
  close(): Promise<void>
}

/** Where an MCP server is, and what it wants to see. */
export interface McpAddress {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** For each request [ms]. */
  readonly timeoutMs: number
}

/** Opens a session (streamable HTTP). Redirects are followed within the server's own origin (`/mcp` to `/mcp/`) only. */
export async function openMcpSession(
  { url, headers, timeoutMs }: McpAddress,
  { signal, onToolsChanged }: { signal: AbortSignal; onToolsChanged: () => void },
): Promise<McpSession> {
  const client = new Client({ name: 'offhook', version: '1' })
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { ...headers } },
    redirectPolicy: 'same-origin',
    fetch: limitedFetch,
  })
  client.setNotificationHandler(ToolListChangedNotificationSchema, onToolsChanged)
  const close = () => client.close()
  signal.addEventListener('abort', close)
  try {
    await client.connect(transport, { signal, timeout: timeoutMs })
    signal.throwIfAborted()
  } catch (error) {
    await client.close()
    throw error
  } finally {
    signal.removeEventListener('abort', close)
  }
  return {
    list: (listSignal) => listTools(client, { signal: listSignal, timeout: timeoutMs }),
    call: (name, args, callSignal) =>
      client.request({ method: 'tools/call', params: { name, arguments: args } }, CallToolResultSchema, {
        signal: callSignal,
        timeout: timeoutMs,
      }),
    async close() {
      const limits = { clock: systemClock, limitMs: FAREWELL_MS, signal: new AbortController().signal }
      // The server may be gone already: it forgets us by itself then.
      await within(limits, () => transport.terminateSession()).catch(() => {})
      await client.close()
    },
  }
}

async function listTools(client: Client, options: { signal: AbortSignal; timeout: number }): Promise<McpTool[]> {
  const tools: McpTool[] = []
  if (client.getServerCapabilities()?.tools === undefined) return tools
  let cursor: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const params = cursor === undefined ? {} : { cursor }
    const listed = await client.request({ method: 'tools/list', params }, ListToolsResultSchema, options)
    tools.push(...listed.tools)
    cursor = listed.nextCursor
    if (cursor === undefined) break
  }
  return tools
}

async function limitedFetch(url: string | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  if (response.body === null) return response
  let bytes = 0
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length
      if (bytes > MAX_ANSWER_BYTES) controller.error(new Error('the answer is too long'))
      else controller.enqueue(chunk)
    },
  })
  const { status, statusText, headers } = response
  return new Response(response.body.pipeThrough(limit), { status, statusText, headers })
}

/**
 * What a failed request means for its session.
 *
 * | failure                          | session | was it done?                       |
 * |----------------------------------|---------|------------------------------------|
 * | `unknown`: 404 or 400            | gone    | no: the server knows no such session |
 * | `unreached`: no connection       | gone    | no                                 |
 * | `broken`: connection broke       | gone    | nobody knows                       |
 * | `answered`: the server says no   | stands  | no                                 |
 */
export type McpFailure = 'unknown' | 'unreached' | 'broken' | 'answered'

/** Network errors of a request that was never sent. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

/** Tells the four kinds of failure apart, of what `call` and `list` reject with. */
export function mcpFailure(error: unknown): McpFailure {
  if (error instanceof StreamableHTTPError) return error.code === 404 || error.code === 400 ? 'unknown' : 'answered'
  if (error instanceof McpError) return 'answered'
  return neverSent.has(networkCode(error) ?? '') ? 'unreached' : 'broken'
}

/** The failure in a few words that hold nothing of what was sent or answered: for logs. */
export function mcpFailureCode(error: unknown): string {
  if (error instanceof StreamableHTTPError) return `status ${error.code ?? 'unknown'}`
  if (error instanceof McpError) return `error ${error.code}`
  if (error instanceof ToolError) return 'timeout'
  return networkCode(error) ?? 'network'
}

/** The failure as the model may hear of it. */
export function toToolError(error: unknown): ToolError {
  if (error instanceof ToolError) return error
  if (error instanceof McpError) {
    if (error.code === ErrorCode.RequestTimeout) return new ToolError('the service did not answer in time')
    return new ToolError(serversWords(error.message))
  }
  if (error instanceof StreamableHTTPError) return new ToolError(`the service answered with status ${error.code ?? 0}`)
  return new ToolError(
    mcpFailure(error) === 'unreached'
      ? 'the service could not be reached'
      : 'the connection to the service broke; it is not known whether it was done',
  )
}

/** What a server says of a failure, in one short line. The SDK puts a number in front, on both sides. */
export function serversWords(text: string): string {
  return shortLine(text.replace(/^(MCP error -?\d+: )+/, '')) || 'the tool failed'
}

function networkCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}
