import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { biomeOverrides } from './biome-overrides.ts'

/** Writes the walls of `scripts/walls.ts` into `biome.json`, and leaves the rest of it as it is. */
const config = JSON.parse(readFileSync('biome.json', 'utf8'))
const roots = readdirSync('src').filter((name) => name.endsWith('.ts'))
const others = config.overrides.filter((override: object) => !JSON.stringify(override).includes('noRestrictedImports'))
config.overrides = [...biomeOverrides(roots), ...others]
writeFileSync('biome.json', JSON.stringify(config))
process.exitCode =
  spawnSync('node_modules/.bin/biome', ['format', '--write', 'biome.json'], { stdio: 'inherit' }).status ?? 1
