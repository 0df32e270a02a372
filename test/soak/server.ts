import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** The server as a process of its own that can be looked into. Disposing ends it, by force when it does not go. */
export interface SoakedServer extends AsyncDisposable {
  readonly pid: number
  readonly url: string
  readonly inspectorUrl: string
  /** What it warned of, and how often. */
  complaints(): readonly string[]
}

const START_MS = 30_000
const END_MS = 5000

/** @param folder the checkout that it runs in. @throws Error with what it said when it does not start. */
export async function startServer(folder: string, env: Readonly<Record<string, string>>): Promise<SoakedServer> {
  const child = spawn(process.execPath, ['--inspect=127.0.0.1:0', 'src/main.ts'], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'close')
  const kill = () => void child.kill('SIGKILL')
  process.on('exit', kill)
  const complaints = new Map<string, number>()
  const last: string[] = []
  const url = Promise.withResolvers<string>()
  const inspectorUrl = Promise.withResolvers<string>()
  const found = Promise.all([url.promise, inspectorUrl.promise])
  const note = (line: string) => {
    last.push(line)
    if (last.length > 20) last.shift()
    const listening = /answers calls on (\S+)/.exec(line)?.[1]
    const debugging = /^Debugger listening on (ws:\S+)/.exec(line)?.[1]
    // pino's numbers: 40 is a warning.
    const what = /"level":[456]0.*"msg":"([^"]*)"/.exec(line)?.[1]
    if (listening !== undefined) url.resolve(listening)
    if (debugging !== undefined) inspectorUrl.resolve(debugging)
    if (what !== undefined) complaints.set(what, (complaints.get(what) ?? 0) + 1)
  }
  createInterface(child.stdout).on('line', note)
  createInterface(child.stderr).on('line', note)
  const failed = (why: string) => url.reject(new Error(`the server ${why}\n${last.join('\n')}`))
  const deadline = setTimeout(() => failed('did not listen'), START_MS)
  let wanted = false
  void exited.then(() => {
    failed('ended')
    if (!wanted) process.stderr.write(`the server ended, nobody knows why\n${last.join('\n')}\n`)
  })
  try {
    const [origin, inspector] = await found
    return {
      pid: child.pid ?? 0,
      url: origin,
      inspectorUrl: inspector,
      complaints: () => [...complaints].map(([what, times]) => `${times} x ${what}`),
      async [Symbol.asyncDispose]() {
        wanted = true
        child.kill('SIGTERM')
        const force = setTimeout(kill, END_MS)
        await exited
        clearTimeout(force)
        process.off('exit', kill)
      },
    }
  } catch (error) {
    kill()
    throw error
  } finally {
    clearTimeout(deadline)
  }
}
