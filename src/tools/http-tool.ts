import { z } from 'zod'
import { type Clock, systemClock } from '../base/clock.ts'
import { type Tool, ToolError } from '../call/tool.ts'
import { isRecord } from './argument.ts'
import { schemaProblem } from './check-arguments.ts'
import { fetchText, type NetworkGuard, publicInternet, type TextRequest } from './https-text.ts'
import { operatorHeaders } from './operator-headers.ts'
import { HOUSE_TOOLS, TOOL_NAME } from './tool-name.ts'
import { MAX_URL, parseUrlTemplate, type UrlTemplate } from './url-template.ts'
import { within } from './within.ts'

const MAX_BODY = 65_536
/** So that the tool's own words on a late answer come before the call's. */
const GRACE_MS = 250

/**
 * A tool that is an HTTP endpoint of the operator's, as configuration declares it.
 *
 * Arguments fill the `{placeholders}` of `url`; the others go into the query (GET) or a JSON body (POST). What is not
 * among the `properties` of `parameters` is left out: a model may not add `admin=true` to an operator's request.
 */
export const httpToolSpec = z
  .strictObject({
    name: z
      .string()
      .regex(TOOL_NAME, 'letters, digits, _ and -, at most 64')
      .refine((name) => !HOUSE_TOOLS.includes(name), "a name of its own, not one of the house's"),
    description: z.string().min(1).max(1024),
    /** JSON Schema of an object. */
    parameters: z.record(z.string(), z.unknown()).default({ type: 'object', properties: {} }),
    method: z.enum(['GET', 'POST']).default('POST'),
    url: z.string(),
    headers: operatorHeaders,
    /** Hosts (with their port, when it is not 443) that `url` may name; default: its own. */
    allowedHosts: z.array(z.string().toLowerCase()).optional(),
    timeoutMs: z.int().min(100).max(30_000).default(5000),
    maxBytes: z.int().min(64).max(16_384).default(16_384),
  })
  .superRefine((spec, context) => {
    for (const [field, message] of problems(spec)) context.addIssue({ code: 'custom', path: [field], message })
  })

/** What `httpToolSpec` makes of a declaration. */
export type HttpToolSpec = z.infer<typeof httpToolSpec>

/** Where it may go and whose clock times it; absent: the public internet, the machine's. For tests. */
export interface HttpToolOptions {
  readonly guard?: NetworkGuard
  readonly clock?: Clock
}

/** Makes the tool. Redirects are not followed: they would carry the operator's headers to whomever the answer names. */
export function makeHttpTool(
  spec: HttpToolSpec,
  { guard = publicInternet, clock = systemClock }: HttpToolOptions = {},
): Tool {
  const { name, description, parameters, timeoutMs } = spec
  const template = parseUrlTemplate(spec.url)
  return {
    declaration: { name, description, parameters },
    deadlineMs: timeoutMs + GRACE_MS,
    async run(args, { signal }) {
      const request = toRequest(spec, template, args)
      try {
        const text = await within({ clock, limitMs: timeoutMs, signal }, (ended) => fetchText(request, guard, ended))
        return text === '' ? 'The service did it and had nothing to say.' : text
      } catch (error) {
        if (error instanceof ToolError || signal.aborted) throw error
        // The socket's words hold names and addresses.
        throw new ToolError('the service could not be reached')
      }
    },
  }
}

function toRequest(spec: HttpToolSpec, template: UrlTemplate, args: unknown): TextRequest {
  const url = template.fill(args)
  const declared = properties(spec.parameters)
  const rest = Object.entries(isRecord(args) ? args : {}).filter(
    ([name]) => Object.hasOwn(declared, name) && !template.names.has(name),
  )
  const common = { 'user-agent': 'offhook', accept: 'application/json, text/*;q=0.9', ...lowerCased(spec.headers) }
  const headers = { ...common, 'accept-encoding': 'gzip, deflate, br' }
  const { method, maxBytes } = spec
  if (method === 'GET') {
    for (const [name, value] of rest) {
      url.searchParams.append(name, typeof value === 'string' ? value : JSON.stringify(value))
    }
    if (url.href.length > MAX_URL) throw new ToolError('the arguments are too long')
    return { url, method, headers, maxBytes }
  }
  const body = JSON.stringify(Object.fromEntries(rest))
  if (Buffer.byteLength(body) > MAX_BODY) throw new ToolError('the arguments are too long')
  const bodyHeaders = { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(body)}` }
  return { url, method, headers: { ...headers, ...bodyHeaders }, body, maxBytes }
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

type Declared = Pick<HttpToolSpec, 'parameters' | 'method' | 'url' | 'allowedHosts'>

function* problems({ parameters, method, url, allowedHosts }: Declared): Generator<[field: string, message: string]> {
  const schema = schemaProblem(parameters)
  if (schema !== undefined) yield ['parameters', schema]
  const template = templateOrProblem(url)
  if (typeof template === 'string') return yield ['url', template]
  if (allowedHosts !== undefined && !allowedHosts.includes(template.host)) {
    yield ['url', 'its host is not one of allowedHosts']
  }
  const declared = properties(parameters)
  const required = Array.isArray(parameters['required']) ? parameters['required'] : []
  for (const name of template.names) {
    if (!Object.hasOwn(declared, name) || !required.includes(name)) {
      yield ['url', `{${name}} must be one of the required parameters`]
    }
  }
  for (const name of method === 'GET' ? template.ownQuery : []) {
    if (Object.hasOwn(declared, name) && !template.names.has(name))
      yield ['url', `${name} is both in its query and a parameter`]
  }
}

function properties(parameters: HttpToolSpec['parameters']): Readonly<Record<string, unknown>> {
  return isRecord(parameters['properties']) ? parameters['properties'] : {}
}

function templateOrProblem(url: string): UrlTemplate | string {
  try {
    return parseUrlTemplate(url)
  } catch (error) {
    return error instanceof RangeError ? error.message : 'is no address'
  }
}
