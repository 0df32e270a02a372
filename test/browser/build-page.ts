import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** Builds the page before the first test: what is tested is what stands in the source. Pictures of earlier runs go. */
export function setup(): void {
  rmSync(join(root, 'out', 'screenshots'), { recursive: true, force: true })
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  execFileSync(process.execPath, [vite, 'build', 'src/operator/page', '--logLevel', 'warn'], {
    cwd: root,
    stdio: 'inherit',
  })
}
