// After `npm ci`: builds the operators' page, where what builds it is installed. An installation without development
// packages (`--omit=dev`) has no page until `dist` is brought along from one that has, as the Dockerfile does.
// Plain JavaScript: it is run by whichever Node npm itself runs on, and that may be older than what Vite needs; the Node
// that comes with the development packages is not.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
const page = join(root, 'src', 'operator', 'page')
if (!existsSync(vite)) console.log('vite is not installed: the page of operators is not built')
// In a container's first layer the packages are there before the code.
else if (!existsSync(join(page, 'index.html'))) console.log('there is no page of operators here to be built')
else {
  const ours = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const node = existsSync(ours) ? ours : process.execPath
  execFileSync(node, [vite, 'build', page, '--logLevel', 'warn'], { cwd: root, stdio: 'inherit' })
}
