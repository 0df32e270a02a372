import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { root } from './bridges.ts'
import type { News, Order } from './messages.ts'
import { prioritise } from './pinning.ts'

/** How long a child may take to end by itself [ms]. */
const END_MS = 3000

export interface ChildOptions {
  readonly script: string
  /** The checkout that it runs in; the bench's own when not given. */
  readonly folder?: string | undefined
  readonly args?: readonly string[]
  /** For Node itself, before the script. */
  readonly nodeArgs?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly core: string | undefined
  /** Its nice value. */
  readonly priority: number
}

/** A process of the bench. Disposing ends it, by force when it does not go. */
export class Child implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #script: string
  readonly #exited: Promise<unknown>
  readonly #watchers = new Set<{ take: (news: News) => void; fail: (error: Error) => void }>()
  #failure: Error | undefined
  #ending = false
  #errors = ''

  /** @param hasChannel it is one of ours, which tells news; else what it says on stdout is read. */
  constructor(
    { script, folder = root, args = [], nodeArgs = [], env = {}, core, priority }: ChildOptions,
    hasChannel: boolean,
  ) {
    this.#script = script
    const command = [process.execPath, ...nodeArgs, script, ...args]
    const pinned = core === undefined ? command : ['taskset', '-c', core, ...command]
    this.#child = spawn(pinned[0] ?? '', pinned.slice(1), {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: hasChannel ? ['ignore', 'ignore', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
      serialization: 'advanced',
      // A session of its own, so that its workers go with it.
      detached: true,
    })
    this.#exited = new Promise((resolve) => this.#child.once('close', resolve))
    if (priority !== 0 && this.#child.pid !== undefined) prioritise(this.#child.pid, priority)
    const kill = () => this.#kill()
    process.on('exit', kill)
    this.#child.once('close', () => process.off('exit', kill))
    this.#child.on('error', (error) => this.#fail(error))
    this.#child.on('exit', (code, signal) => {
      if (!this.#ending) this.#fail(new Error(`${script} ended with ${code ?? signal}\n${this.#errors}`))
    })
    this.#child.stderr?.on('data', (data) => {
      this.#errors = (this.#errors + data).slice(-4000)
    })
    this.#child.on('message', (news: News) => {
      if (news.type === 'failed') this.#fail(new Error(news.message))
      else for (const { take } of this.#watchers) take(news)
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** What it has complained of on stderr, the end of it. */
  get errors(): string {
    return this.#errors
  }

  order(order: Order): void {
    this.#child.send(order)
  }

  /** The next news of a type that fits. Rejects when the child fails, or after `ms`. */
  async next<T extends News['type']>(
    type: T,
    ms: number,
    fits: (news: Extract<News, { type: T }>) => boolean = () => true,
  ): Promise<Extract<News, { type: T }>> {
    const found = Promise.withResolvers<Extract<News, { type: T }>>()
    const isOf = (news: News): news is Extract<News, { type: T }> => news.type === type
    const watcher = {
      take: (news: News) => {
        if (isOf(news) && fits(news)) found.resolve(news)
      },
      fail: found.reject,
    }
    const deadline = setTimeout(() => found.reject(new Error(`${this.#script}: no '${type}' in ${ms} ms`)), ms)
    if (this.#failure !== undefined) found.reject(this.#failure)
    this.#watchers.add(watcher)
    try {
      return await found.promise
    } finally {
      clearTimeout(deadline)
      this.#watchers.delete(watcher)
    }
  }

  /** What it says on stdout behind "answers calls on". Rejects when it ends, or after `ms`. */
  async address(ms: number): Promise<string> {
    const { stdout } = this.#child
    if (stdout === null) throw new TypeError('its stdout is not read')
    const lines = createInterface(stdout)
    const found = Promise.withResolvers<string>()
    lines.on('line', (line) => {
      const address = /answers calls on (\S+)/.exec(line)?.[1]
      if (address !== undefined) found.resolve(address)
    })
    const watcher = { take: () => {}, fail: found.reject }
    this.#watchers.add(watcher)
    const deadline = setTimeout(() => found.reject(new Error(`${this.#script} did not listen in ${ms} ms`)), ms)
    try {
      return await found.promise
    } finally {
      clearTimeout(deadline)
      this.#watchers.delete(watcher)
      stdout.resume()
    }
  }

  /** Throws what went wrong with it so far. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGTERM')
    const force = setTimeout(() => this.#kill(), END_MS)
    await this.#exited
    clearTimeout(force)
  }

  #kill(): void {
    try {
      process.kill(-this.pid, 'SIGKILL')
    } catch {
      // It is gone already.
    }
  }

  #fail(error: Error): void {
    if (this.#ending) return
    this.#failure ??= error
    for (const { fail } of this.#watchers) fail(error)
  }
}

/** Resolves after `ms`; rejects as soon as one of the children fails. */
export async function livedThrough(ms: number, children: readonly Child[]): Promise<void> {
  const step = 100
  for (let left = ms; left > 0; left -= step) {
    for (const child of children) child.check()
    await new Promise((resolve) => setTimeout(resolve, Math.min(step, left)))
  }
  for (const child of children) child.check()
}
