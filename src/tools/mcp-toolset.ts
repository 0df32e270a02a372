import type { CallToolResult, Tool as McpTool } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { isLoopbackHost } from '../base/this-machine.ts'
import { type Tool, ToolError } from '../call/tool.ts'
import { isRecord } from './argument.ts'
import { schemaProblem } from './check-arguments.ts'
import { decodeText } from './cut-text.ts'
import {
  type McpSession,
  mcpFailure,
  mcpFailureCode,
  openMcpSession,
  serversWords,
  toToolError,
} from './mcp-session.ts'
import { operatorHeaders } from './operator-headers.ts'
import { TOOL_NAME } from './tool-name.ts'
import { within } from './within.ts'

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 60_000
const MAX_TOOLS = 128
const MAX_DESCRIPTION = 1024
/** So that the tool's own words on a late answer come before the call's. */
const GRACE_MS = 250

/** An MCP server of the operator's, as configuration declares it. It may stand in a private network: it is trusted. */
export const mcpServerSpec = z.strictObject({
  /** For logs. */
  name: z.string().regex(TOOL_NAME, 'letters, digits, _ and -, at most 64'),
  /** Its streamable HTTP endpoint. */
  url: z
    .string()
    .refine(isMcpUrl, 'must be an absolute https address (http only on this machine), without user and fragment'),
  headers: operatorHeaders,
  /** The only tools that are taken from it; absent: all of them. */
  allowedTools: z.array(z.string()).optional(),
  /** For connecting, and for one tool [ms]. */
  timeoutMs: z.int().min(100).max(30_000).default(5000),
  /** Of a result that the model is given. */
  maxBytes: z.int().min(64).max(16_384).default(16_384),
})

/** What `mcpServerSpec` makes of a declaration. */
export type McpServerSpec = z.infer<typeof mcpServerSpec>

/** The tools of one MCP server. Disposing lets go of the server; its tools fail from then on. */
export interface McpToolset extends AsyncDisposable {
  /** As last listed; empty until connected. */
  readonly tools: readonly Tool[]
  /** Resolves when the first attempt to connect has succeeded or failed. Never rejects. */
  readonly ready: Promise<void>
}

/**
 * Connects to an MCP server, in the background.
 *
 * ```
 *   attempt ✗ 1 s ✗ 2 s ✗ 4 s … 60 s ✗ 60 s … ✓ listed ─── call ✗ session gone ─ reconnect, list, call once more ─▶
 *           └ ready
 * ```
 */
export function openMcpToolset(
  spec: McpServerSpec,
  { log, clock }: { readonly log: Logger; readonly clock: Clock },
): McpToolset {
  return new Toolset(spec, log.child({ mcpServer: spec.name }), clock)
}

class Toolset implements McpToolset {
  readonly ready: Promise<void>
  readonly #spec: McpServerSpec
  readonly #log: Logger
  readonly #clock: Clock
  readonly #over = new AbortController()
  readonly #connecting: Promise<void>
  #tools: readonly Tool[] = []
  #session: McpSession | undefined
  #opening: Promise<McpSession> | undefined
  #isListing = false
  #mustList = false

  constructor(spec: McpServerSpec, log: Logger, clock: Clock) {
    this.#spec = spec
    this.#log = log
    this.#clock = clock
    const first = Promise.withResolvers<void>()
    this.ready = first.promise
    this.#connecting = this.#connect(first.resolve)
  }

  get tools(): readonly Tool[] {
    return this.#tools
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort(new ToolError('the service could not be reached'))
    await this.#connecting
    await this.#opening?.catch(() => {})
    await this.#session?.close()
  }

  async #connect(tried: () => void): Promise<void> {
    const { signal } = this.#over
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const connected = await this.#open().then(
        () => true,
        (error: unknown) => {
          if (!signal.aborted) this.#log.warn({ code: mcpFailureCode(error), pauseMs }, 'MCP server not connected')
          return false
        },
      )
      tried()
      if (connected) return
      await this.#pause(pauseMs)
    }
  }

  async #pause(pauseMs: number): Promise<void> {
    const { signal } = this.#over
    if (signal.aborted) return
    await new Promise<void>((resolve) => {
      this.#clock.after(pauseMs, resolve, signal)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  /** One attempt at a time, whoever asks for it. */
  #open(): Promise<McpSession> {
    if (this.#session !== undefined) return Promise.resolve(this.#session)
    this.#opening ??= this.#attempt().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  #attempt(): Promise<McpSession> {
    const limits = { clock: this.#clock, limitMs: this.#spec.timeoutMs, signal: this.#over.signal }
    return within(limits, async (signal) => {
      const session = await openMcpSession(this.#spec, { signal, onToolsChanged: () => void this.#listAgain() })
      try {
        const listed = await session.list(signal)
        signal.throwIfAborted()
        this.#take(listed)
      } catch (error) {
        await session.close()
        throw error
      }
      this.#session = session
      this.#log.info({ tools: this.#tools.length }, 'MCP server connected')
      return session
    })
  }

  /** Several changes while a list is under way are one more list. */
  async #listAgain(): Promise<void> {
    this.#mustList = true
    if (this.#isListing) return
    this.#isListing = true
    const limits = { clock: this.#clock, limitMs: this.#spec.timeoutMs, signal: this.#over.signal }
    while (this.#mustList && !this.#over.signal.aborted) {
      this.#mustList = false
      const session = this.#session
      try {
        if (session !== undefined) this.#take(await within(limits, (signal) => session.list(signal)))
      } catch (error) {
        if (this.#over.signal.aborted) return
        this.#log.warn({ code: mcpFailureCode(error) }, 'MCP server did not list its tools')
      }
    }
    this.#isListing = false
  }

  #take(listed: readonly McpTool[]): void {
    const { allowedTools } = this.#spec
    const tools = new Map<string, Tool>()
    const problems: string[] = []
    for (const one of listed) {
      if (allowedTools !== undefined && !allowedTools.includes(one.name)) continue
      const problem = tools.has(one.name) || tools.size === MAX_TOOLS ? 'one too many' : toolProblem(one)
      if (problem === undefined) tools.set(one.name, this.#toTool(one))
      else problems.push(problem)
    }
    if (problems.length > 0) {
      const refused = problems.length
      this.#log.warn({ refused, problems: problems.slice(0, 10) }, 'some tools of the MCP server cannot be used')
    }
    this.#tools = [...tools.values()]
  }

  /** A tool that has not changed stays the same object: what was compiled for it stands. */
  #toTool({ name, description, inputSchema }: McpTool): Tool {
    const words = (description?.trim() || name).slice(0, MAX_DESCRIPTION).toWellFormed()
    const declaration = { name, description: words, parameters: inputSchema }
    const before = this.#tools.find((tool) => tool.declaration.name === name)
    if (before !== undefined && JSON.stringify(before.declaration) === JSON.stringify(declaration)) return before
    const { timeoutMs, maxBytes } = this.#spec
    return {
      declaration,
      deadlineMs: timeoutMs + GRACE_MS,
      run: async (args, { signal }) => {
        const limits = { clock: this.#clock, limitMs: timeoutMs, signal }
        const given = isRecord(args) ? args : {}
        try {
          return resultText(await within(limits, (ended) => this.#call(name, given, ended)), maxBytes)
        } catch (error) {
          if (signal.aborted) throw error
          throw toToolError(error)
        }
      },
    }
  }

  async #call(name: string, args: Record<string, unknown>, signal: AbortSignal): Promise<CallToolResult> {
    this.#over.signal.throwIfAborted()
    const session = await this.#open()
    try {
      return await session.call(name, args, signal)
    } catch (error) {
      const failure = mcpFailure(error)
      if (signal.aborted || failure === 'answered') throw error
      if (this.#session === session) this.#session = undefined
      void session.close()
      // What may have been done is not done twice.
      if (failure === 'broken') throw error
      return (await this.#open()).call(name, args, signal)
    }
  }
}

function toolProblem({ name, inputSchema, execution }: McpTool): string | undefined {
  if (!TOOL_NAME.test(name)) return 'name'
  if (execution?.taskSupport === 'required') return 'runs only as a task'
  return schemaProblem(inputSchema)
}

/** @throws ToolError with the tool's own words when it says that it failed. */
function resultText({ content, isError, structuredContent }: CallToolResult, maxBytes: number): string {
  const parts = content.map((part) => {
    if (part.type === 'text') return part.text
    if (part.type === 'resource' && 'text' in part.resource) return part.resource.text
    return `[${part.type} left out]`
  })
  if (parts.length === 0 && structuredContent !== undefined) parts.push(JSON.stringify(structuredContent))
  const text = parts.join('\n')
  if (isError === true) throw new ToolError(serversWords(text))
  return text === '' ? 'The tool did it and had nothing to say.' : decodeText(Buffer.from(text), { maxBytes })
}

function isMcpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, host, username, password, hash } = new URL(text)
  if (username !== '' || password !== '' || hash !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(host))
}
