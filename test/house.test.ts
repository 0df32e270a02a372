import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { biomeOverrides } from '../scripts/biome-overrides.ts'

// Who may import whom. Each line was written to be refused or taken; the linter that guards the house is asked, in one
// run over a tree of probes, whether it really does.
const refused: [file: string, from: string][] = [
  ['src/base/probe.ts', '../audio/wav.ts'],
  ['src/base/probe.ts', 'express'],
  ['src/audio/probe.ts', '../call/call.ts'],
  ['src/audio/probe.ts', 'ws'],
  ['src/call/probe.ts', '../carriers/twilio/carrier.ts'],
  ['src/call/probe.ts', '../providers/realtime/session.ts'],
  ['src/call/probe.ts', '../simulators/realtime/server.ts'],
  ['src/call/probe.ts', 'ws'],
  ['src/call/probe.ts', 'express'],
  ['src/call/probe.ts', 'twilio'],
  ['src/call/probe.ts', 'pino'],
  ['src/call/probe.ts', '../config.ts'],
  ['src/carriers/twilio/probe.ts', '../../providers/realtime/session.ts'],
  ['src/carriers/twilio/probe.ts', '../../simulators/carrier/call.ts'],
  ['src/carriers/twilio/probe.ts', 'express'],
  ['src/providers/qwen/probe.ts', '../../carriers/twilio/carrier.ts'],
  ['src/providers/qwen/probe.ts', '../local/agent.ts'],
  ['src/providers/qwen/probe.ts', '../../simulators/realtime/server.ts'],
  ['src/providers/qwen/probe.ts', 'twilio'],
  ['src/providers/local/probe.ts', '../qwen/dialect.ts'],
  ['src/providers/local/probe.ts', '../../simulators/carrier/call.ts'],
  ['src/simulators/carrier/probe.ts', '../../carriers/twilio/carrier.ts'],
  ['src/simulators/carrier/probe.ts', 'twilio'],
  ['src/simulators/realtime/probe.ts', '../../providers/realtime/events.ts'],
  ['src/simulators/realtime/probe.ts', '../../call/call.ts'],
  ['src/server.ts', './carriers/twilio/carrier.ts'],
  ['src/main.ts', 'express'],
  ['src/cli/probe.ts', 'pino'],
  ['src/audio/probe.ts', 'pino'],
  ['src/audio/probe.ts', 'twilio'],
  ['src/base/probe.ts', 'prom-client'],
  ['src/carriers/twilio/probe.ts', '../../workers/pool.ts'],
  ['src/call/probe.ts', '../operator/metrics.ts'],
  ['src/operator/probe.ts', '../carriers/twilio/carrier.ts'],
  ['src/operator/probe.ts', 'prom-client'],
  ['src/workers/probe.ts', '../offhook.ts'],
  ['src/workers/probe.ts', '../simulators/realtime/server.ts'],
  ['src/workers/probe.ts', 'ws'],
  ['src/call/probe.ts', '../tools/end-call.ts'],
  ['src/call/probe.ts', '../agents/plan.ts'],
  ['src/call/probe.ts', 'ajv'],
  ['src/tools/probe.ts', '../carriers/twilio/carrier.ts'],
  ['src/tools/probe.ts', '../agents/plan.ts'],
  ['src/tools/probe.ts', 'ajv'],
  ['src/tools/probe.ts', '@modelcontextprotocol/sdk/client/index.js'],
  ['src/tools/probe.ts', 'twilio'],
  ['src/agents/probe.ts', 'yaml'],
  ['src/agents/probe.ts', '../providers/qwen/options.ts'],
  ['src/carriers/twilio/probe.ts', '../../tools/end-call.ts'],
  ['src/workers/probe.ts', 'yaml'],
  ['src/workers/probe.ts', '../store/sql/store.ts'],
  ['src/workers/probe.ts', '../open-models.ts'],
  ['src/providers/qwen/probe.ts', '../openai/provider.ts'],
  ['src/providers/openai/probe.ts', '../qwen/profiles.ts'],
  ['src/providers/openai/probe.ts', 'ws'],
  ['src/providers/qwen/probe.ts', 'ws'],
  ['src/providers/openai/probe.ts', '../../carriers/twilio/carrier.ts'],
  ['src/providers/openai/probe.ts', '../../simulators/realtime/server.ts'],
  ['src/providers/realtime/probe.ts', '../qwen/dialect.ts'],
  ['src/providers/realtime/probe.ts', '../openai/dialect.ts'],
  ['src/providers/realtime/probe.ts', '../../simulators/realtime/server.ts'],
  ['src/providers/realtime/probe.ts', 'express'],
  ['src/providers/local/probe.ts', '../realtime/session.ts'],
  ['src/providers/scripted/probe.ts', '../realtime/session.ts'],
  ['src/providers/scripted/probe.ts', '../qwen/dialect.ts'],
  ['src/store/probe.ts', '../carriers/twilio/carrier.ts'],
  ['src/store/sql/probe.ts', '../../audio/wav.ts'],
  ['src/store/probe.ts', 'pg'],
  ['src/store/sql/probe.ts', '../recordings/recorder.ts'],
  ['src/after-call/probe.ts', '../carriers/twilio/carrier.ts'],
  ['src/after-call/probe.ts', '../store/sql/store.ts'],
  ['src/after-call/probe.ts', 'openai'],
  ['src/call/probe.ts', '../after-call/after-call.ts'],
  ['src/operator/probe.ts', '../after-call/after-call.ts'],
  ['src/operator/probe.ts', 'ws'],
  ['src/operator/probe.ts', 'helmet'],
  ['src/operator/probe.ts', 'express-rate-limit'],
  ['src/operator/probe.ts', '@opentelemetry/api'],
  ['src/simulators/analysis/probe.ts', '../../after-call/after-call.ts'],
  ['src/cli/probe.ts', 'pg'],
  ['src/store/probe.ts', 'node:sqlite'],
  ['src/store/memory/probe.ts', '../sql/store.ts'],
  ['src/store/memory/probe.ts', 'kysely'],
  ['src/store/sql/probe.ts', '../memory/store.ts'],
  ['src/store/sql/probe.ts', '../../operator/metrics.ts'],
  ['src/store/sql/probe.ts', 'pino'],
  ['src/call/probe.ts', '../store/memory/store.ts'],
  ['src/call/probe.ts', 'node:sqlite'],
  ['src/operator/probe.ts', 'kysely'],
  ['src/operator/probe.ts', '../store/sql/store.ts'],
  ['src/offhook.ts', 'kysely'],
  ['src/welcome.ts', 'node:sqlite'],
]
const taken: [file: string, from: string][] = [
  ['src/audio/g711.ts', 'alawmulaw'],
  ['src/audio/convert.ts', 'wave-resampler'],
  ['src/base/log.ts', 'pino'],
  ['src/call/good.ts', '../audio/wav.ts'],
  ['src/carriers/twilio/good.ts', '../../call/carrier.ts'],
  ['src/carriers/twilio/good.ts', 'twilio'],
  ['src/carriers/twilio/good.ts', 'ws'],
  ['src/providers/qwen/good.ts', '../../call/provider.ts'],
  ['src/providers/local/good.ts', '../../simulators/realtime/server.ts'],
  ['src/providers/local/good.ts', 'soundswallower'],
  ['src/simulators/realtime/good.ts', '../../audio/wav.ts'],
  ['src/operator/instruments.ts', 'prom-client'],
  ['src/operator/good.ts', 'express'],
  ['src/operator/line-socket.ts', 'ws'],
  ['src/operator/span-export.ts', '@opentelemetry/sdk-trace'],
  ['src/after-call/ask-qwen.ts', 'openai'],
  ['src/after-call/good.ts', '../call/archive.ts'],
  ['src/store/recordings/good.ts', '../../audio/wav.ts'],
  ['src/store/sql/good.ts', 'pg'],
  ['src/workers/good.ts', '../store/recordings/recorder.ts'],
  ['src/cli/doctor/database.ts', 'pg'],
  ['src/operator/good.ts', '../call/events.ts'],
  ['src/workers/good.ts', '../carriers/twilio/media-door.ts'],
  ['src/workers/good.ts', '../providers/qwen/provider.ts'],
  ['src/offhook.ts', './carriers/twilio/carrier.ts'],
  ['src/offhook.ts', './workers/pool.ts'],
  ['src/cli/good.ts', '../simulators/carrier/call.ts'],
  ['src/tools/check-arguments.ts', 'ajv'],
  ['src/tools/mcp-probe.ts', '@modelcontextprotocol/sdk/client/index.js'],
  ['src/tools/good.ts', '../call/tool.ts'],
  ['src/agents/yaml-file.ts', 'yaml'],
  ['src/agents/good.ts', '../tools/http-tool.ts'],
  ['src/workers/good.ts', '../agents/plan.ts'],
  ['src/workers/good.ts', '../providers/openai/provider.ts'],
  ['src/providers/qwen/good.ts', '../realtime/session.ts'],
  ['src/providers/openai/good.ts', '../realtime/session.ts'],
  ['src/providers/realtime/good.ts', '../../call/provider.ts'],
  ['src/providers/realtime/good.ts', 'ws'],
  ['src/store/good.ts', '../call/store.ts'],
  ['src/store/memory/good.ts', '../../call/recollect.ts'],
  ['src/store/sql/good.ts', 'kysely'],
  ['src/store/sql/good.ts', 'node:sqlite'],
  ['src/store/sql/good.ts', '../../base/clock.ts'],
  ['src/offhook.ts', './store/sql/sqlite.ts'],
  ['src/open-models.ts', './providers/local/agent.ts'],
]
const doors: [file: string, from: string][] = [
  ['src/audio/other.ts', 'alawmulaw'],
  ['src/audio/other.ts', 'wave-resampler'],
  ['src/base/other.ts', 'pino'],
]

interface Diagnostic {
  readonly category: string
  readonly location: { readonly path: string | { readonly file: string }; readonly start?: { readonly line: number } }
}

function lint(probes: readonly [file: string, from: string][]): Set<string> {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-house-'))
  try {
    const config = JSON.parse(readFileSync('biome.json', 'utf8'))
    delete config.$schema
    config.vcs.enabled = false
    writeFileSync(join(folder, 'biome.json'), JSON.stringify(config))
    for (const [file, group] of Map.groupBy(probes, ([path]) => path)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), group.map(([, from], i) => `export * as n${i} from '${from}'\n`).join(''))
    }
    const biome = join(process.cwd(), 'node_modules/.bin/biome')
    const args = ['lint', '--only=style/noRestrictedImports', '--reporter=json', '--max-diagnostics=none', '.']
    const { stdout } = spawnSync(biome, args, { cwd: folder, encoding: 'utf8', timeout: 15_000 })
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] }
    return new Set(
      diagnostics.map(({ location }) => {
        const file = typeof location.path === 'string' ? location.path : location.path.file
        const line = location.start?.line ?? 0
        const probe = probes.filter(([path]) => file.endsWith(path))[line - 1]
        return probe === undefined ? `unknown place ${file}:${line}` : probe.join(' ')
      }),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('the house', () => {
  it('is guarded by the walls that are written down, and all of them', () => {
    const config = JSON.parse(readFileSync('biome.json', 'utf8')) as { overrides: readonly object[] }
    const roots = readdirSync('src').filter((name) => name.endsWith('.ts'))
    const guarded = config.overrides.filter((override) => JSON.stringify(override).includes('noRestrictedImports'))
    expect(guarded, 'node scripts/make-walls.ts').toEqual(biomeOverrides(roots))
  })

  it('lets each room import what its place allows and nothing else', () => {
    const found = lint([...refused, ...taken, ...doors])
    expect([...found].sort()).toEqual([...refused, ...doors].map((probe) => probe.join(' ')).sort())
  })
})
