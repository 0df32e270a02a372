import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { socketsOf } from './sockets.ts'
import { timersOf } from './timers.ts'

/** How long the server may take to listen [ms], and to end when it was asked to. */
const START_MS = 30_000
const END_MS = 5000
const LINES_KEPT = 2000

/** What a process and its workers hold, each in words: sockets, and of the main process the timers. */
export interface Holdings {
  readonly sockets: readonly string[]
  readonly timers: readonly string[]
}

/** What is read of its log. */
interface Said {
  readonly lines: readonly string[]
  /** By call. */
  readonly resumed: ReadonlyMap<string, number>
  readonly inspector: { readonly url?: string | undefined }
}

/** The server as a process of its own, with all its workers. Disposing ends it, by force when it does not go. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #said: Said
  readonly port: number
  ready = true

  private constructor(child: ChildProcess, exited: Promise<unknown>, said: Said, port: number) {
    this.#child = child
    this.#exited = exited
    this.#said = said
    this.port = port
  }

  /** @param folder the checkout that it runs in. @throws Error with what it said when it does not listen. */
  static async start(folder: string, env: Readonly<Record<string, string>>): Promise<ServerProcess> {
    const child = spawn(process.execPath, ['--inspect=127.0.0.1:0', 'src/main.ts'], {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that its workers go with it.
      detached: true,
    })
    const exited = once(child, 'close')
    const lines: string[] = []
    const resumed = new Map<string, number>()
    const inspector: { url?: string | undefined } = {}
    const kill = () => killGroup(child.pid)
    process.on('exit', kill)
    void exited.then(() => process.off('exit', kill))
    const found = Promise.withResolvers<number>()
    const note = (line: string) => {
      lines.push(line)
      if (lines.length > LINES_KEPT) lines.shift()
      inspector.url ??= /^Debugger listening on (ws:\S+)/.exec(line)?.[1]
      const callId = line.includes('"call resumed"') ? /"callId":"(\w+)"/.exec(line)?.[1] : undefined
      if (callId !== undefined) resumed.set(callId, (resumed.get(callId) ?? 0) + 1)
      const port = /answers calls on \S+:(\d+)/.exec(line)?.[1]
      if (port !== undefined) found.resolve(Number(port))
    }
    createInterface(child.stdout).on('line', note)
    createInterface(child.stderr).on('line', note)
    const failed = (why: string) => found.reject(new Error(`the server ${why}\n${lines.slice(-20).join('\n')}`))
    const deadline = setTimeout(() => failed('did not listen'), START_MS)
    void exited.then(() => failed('ended'))
    try {
      return new ServerProcess(child, exited, { lines, resumed, inspector }, await found.promise)
    } catch (error) {
      kill()
      throw error
    } finally {
      clearTimeout(deadline)
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** What it said last, for whoever wants to know why. */
  get lines(): readonly string[] {
    return this.#said.lines
  }

  /** How often it held the agent for a sound that was no words, and let it go on. */
  resumed(callId: string): number {
    return this.#said.resumed.get(callId) ?? 0
  }

  /** Dies with all its workers, in the middle of whatever they do. */
  async kill(): Promise<void> {
    this.ready = false
    killGroup(this.pid)
    await this.#exited
  }

  /** One of its workers dies; `false`: it has none. */
  async killWorker(): Promise<boolean> {
    const [worker] = await childrenOf(this.pid)
    if (worker === undefined) return false
    process.kill(worker, 'SIGKILL')
    return true
  }

  /** Is asked to stop. Resolves when `/readyz` says so; returns after how long that was [ms]. */
  async terminate(): Promise<number> {
    const sinceMs = performance.now()
    this.#child.kill('SIGTERM')
    while (this.alive && (await statusOf(`http://127.0.0.1:${this.port}/readyz`)) === 200) await nap(5)
    this.ready = false
    return performance.now() - sinceMs
  }

  /** Its exit code, once it has ended. */
  async ended(): Promise<number | null> {
    await this.#exited
    return this.#child.exitCode
  }

  async holdings(): Promise<Holdings> {
    const pids = [this.pid, ...(await childrenOf(this.pid))]
    const sockets = await Promise.all(pids.map(socketsOf))
    const { url } = this.#said.inspector
    return { sockets: sockets.flat(), timers: url === undefined ? [] : await timersOf(url) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.alive) return
    // Twice: nobody is on the line any more.
    this.#child.kill('SIGTERM')
    const force = setTimeout(() => killGroup(this.pid), END_MS)
    await this.#exited
    clearTimeout(force)
  }
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.split(' ').filter(Boolean).map(Number)
}

async function statusOf(url: string): Promise<number> {
  try {
    const answer = await fetch(url, { headers: { connection: 'close' } })
    await answer.body?.cancel()
    return answer.status
  } catch {
    return 0
  }
}

/** For what has no event to wait for. */
export function nap(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
