import { fieldsOf } from './fields.ts'
import { invalidValue, Refusal } from './wire-error.ts'

/** One entry of `session.tools`. */
export interface Tool {
  readonly kind: 'function' | 'mcp'
  readonly name: string
  readonly description: string
  /** Of a function: its JSON Schema. */
  readonly parameters?: unknown
  /** As `session.updated` prints it: nested, and of an MCP server neither its address nor its secrets. */
  readonly echo: object
}

const MAX_TOOLS = 128
const MAX_DEPTH = 32

/**
 * Reads `session.tools`.
 * @param flat OpenAI's flat shape is taken too.
 * @param mcp the family knows MCP servers.
 * @throws Refusal
 */
export function readTools(value: unknown, flat: boolean, mcp: boolean): readonly Tool[] {
  if (!Array.isArray(value)) throw refused('tools must be an array', 'session.tools')
  if (value.length > MAX_TOOLS) throw refused(`at most ${MAX_TOOLS} tools`, 'session.tools')
  return value.map((entry, index) => readTool(entry, `session.tools[${index}]`, flat, mcp))
}

function readTool(entry: unknown, param: string, flat: boolean, mcp: boolean): Tool {
  const tool = fieldsOf<'type' | 'function' | 'name'>(entry)
  if (tool?.type === 'mcp') return readMcp(entry, param, mcp)
  if (tool?.type !== 'function') throw refused('a tool has the type function', `${param}.type`)
  const inner = tool.function === undefined && flat ? entry : tool.function
  const declared = fieldsOf<'name' | 'description' | 'parameters'>(inner)
  if (declared === undefined) throw refused('a tool is {"type":"function","function":{…}}', `${param}.function`)
  const { name, description, parameters } = declared
  if (typeof name !== 'string' || name === '') throw refused('a function has a name', `${param}.function.name`)
  if (hasUnion(parameters, 0))
    throw refused('anyOf and nullable types are not supported', `${param}.function.parameters`)
  const text = typeof description === 'string' ? description : ''
  const echo = { type: 'function', function: { name, description: text, parameters: parameters ?? { type: 'object' } } }
  return { kind: 'function', name, description: text, parameters, echo }
}

function readMcp(entry: unknown, param: string, known: boolean): Tool {
  if (!known) throw refused('this model has no MCP tools', `${param}.type`)
  const tool = fieldsOf<'server_label' | 'server_url' | 'allowed_tools' | 'require_approval'>(entry)
  const { server_label, server_url, allowed_tools, require_approval = 'always' } = tool ?? {}
  if (typeof server_label !== 'string' || server_label === '')
    throw refused('an MCP server has a label', `${param}.server_label`)
  if (typeof server_url !== 'string' || !isSecure(server_url)) {
    throw refused('an MCP server is reached by https on port 443', `${param}.server_url`)
  }
  if (require_approval !== 'always' && require_approval !== 'never') {
    throw refused('require_approval is always or never', `${param}.require_approval`)
  }
  const names = Array.isArray(allowed_tools) ? { allowed_tools } : {}
  return {
    kind: 'mcp',
    name: server_label,
    description: '',
    echo: { type: 'mcp', server_label, ...names, require_approval },
  }
}

/** Whether the schema holds `anyOf` or a list of types, which the service refuses; so does a bottomless one. */
function hasUnion(schema: unknown, depth: number): boolean {
  if (typeof schema !== 'object' || schema === null) return false
  if (depth > MAX_DEPTH) return true
  return Object.entries(schema).some(
    ([key, value]) => ((key === 'anyOf' || key === 'type') && Array.isArray(value)) || hasUnion(value, depth + 1),
  )
}

function isSecure(address: string): boolean {
  const url = URL.parse(address)
  return url !== null && url.protocol === 'https:' && url.port === ''
}

function refused(rule: string, param: string): Refusal {
  return new Refusal(invalidValue(`Invalid value: '${param}': ${rule}.`, param))
}
