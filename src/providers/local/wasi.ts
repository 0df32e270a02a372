import { webAssembly } from '../../base/web-assembly.ts'

/**
 * Runs a WASI command in memory: no files, no environment, no clock, one output file. Node's own `node:wasi` crashes
 * now and then with the voice's module (nodejs/node#52402), and a command that can open files is not wanted anyway.
 *
 * ```
 *   run(arguments) ─▶ memory as it was at first ─▶ _start ─▶ writes to the one file it opens ─▶ bytes
 *                                                        └─▶ exit code other than 0 ─▶ Error
 * ```
 * One instance serves all runs: to give the voice its first memory again takes 3 ms, a new instance 12 ms, and 21 MB
 * that are collected late.
 */
export interface Command {
  /**
   * @param args arguments, the program's name first.
   * @returns what it wrote to the file that it opened, whatever the file's name.
   * @throws Error when it exits with an error, RuntimeError when it traps; the next run is not harmed.
   */
  run(args: readonly string[]): Uint8Array
}

/**
 * @param module a `wasi_snapshot_preview1` command.
 * @throws TypeError when it is none.
 */
export function makeCommand(module: WebAssembly.Module): Command {
  let idle: Process | undefined
  return {
    run(args) {
      const process = idle ?? new Process(module)
      // After an exception its stack is in the middle of something: then it is not used again.
      idle = undefined
      const { output, returned } = process.run(args)
      if (returned) idle = process
      return output
    },
  }
}

/** Compiles a command, to be run any number of times. @throws CompileError when it is not WebAssembly. */
export function compileCommand(bytes: Uint8Array): WebAssembly.Module {
  return new webAssembly.Module(bytes)
}

interface Memory {
  readonly buffer: ArrayBuffer
}

interface Exports {
  readonly memory?: Memory
  readonly _start?: () => void
}

class Exit extends Error {
  readonly code: number

  constructor(code: number) {
    super(`exit ${code}`)
    this.name = 'Exit'
    this.code = code
  }
}

// wasi_snapshot_preview1: errno, file types, and the descriptors we give out.
const SUCCESS = 0
const BAD_DESCRIPTOR = 8
const NOT_SEEKABLE = 70
const CHARACTER_DEVICE = 2
const DIRECTORY = 3
const REGULAR_FILE = 4
const ROOT = 3
const FILE = 4
const ALL_RIGHTS = 0xffff_ffff_ffff_ffffn

class Process {
  readonly #memory: Memory
  readonly #start: () => void
  readonly #firstMemory: Uint8Array
  #args: readonly Uint8Array[] = []
  #written: Uint8Array[] = []

  constructor(module: WebAssembly.Module) {
    const imports = { wasi_snapshot_preview1: this.#imports() }
    const { memory, _start: start } = new webAssembly.Instance(module, imports).exports as Exports
    if (memory === undefined || start === undefined) throw new TypeError('wasi: the module is not a command')
    this.#memory = memory
    this.#start = start
    this.#firstMemory = new Uint8Array(memory.buffer).slice()
  }

  run(args: readonly string[]): { output: Uint8Array; returned: boolean } {
    const memory = new Uint8Array(this.#memory.buffer)
    memory.set(this.#firstMemory)
    memory.fill(0, this.#firstMemory.length)
    this.#args = args.map((arg) => new TextEncoder().encode(`${arg}\0`))
    this.#written = []
    const returned = this.#main()
    return { output: Buffer.concat(this.#written), returned }
  }

  /** False when it ended by `exit(0)`. */
  #main(): boolean {
    try {
      this.#start()
      return true
    } catch (error) {
      if (!(error instanceof Exit)) throw error
      if (error.code !== 0) throw new Error(`wasi: the command exited with ${error.code}`)
      return false
    }
  }

  #imports(): Record<string, (...args: never[]) => number> {
    return {
      args_sizes_get: (count: number, size: number) => this.#argsSizes(count, size),
      args_get: (pointers: number, bytes: number) => this.#argsGet(pointers, bytes),
      // The voice draws no time; a clock that stands makes each run the same.
      clock_time_get: (_id: number, _precision: bigint, at: number) =>
        this.#ok((view) => view.setBigUint64(at, 0n, true)),
      fd_close: () => SUCCESS,
      fd_fdstat_get: (fd: number, at: number) => this.#status(fd, at),
      fd_fdstat_set_flags: () => SUCCESS,
      fd_prestat_get: (fd: number, at: number) => {
        if (fd !== ROOT) return BAD_DESCRIPTOR
        return this.#ok((view) => {
          view.setUint32(at, 0, true)
          view.setUint32(at + 4, 1, true)
        })
      },
      fd_prestat_dir_name: (_fd: number, at: number) => this.#ok((view) => view.setUint8(at, '/'.charCodeAt(0))),
      fd_read: (_fd: number, _vectors: number, _count: number, at: number) =>
        this.#ok((view) => view.setUint32(at, 0, true)),
      fd_seek: () => NOT_SEEKABLE,
      fd_write: (fd: number, vectors: number, count: number, at: number) => this.#write(fd, vectors, count, at),
      path_open: (...args: number[]) => this.#ok((view) => view.setUint32(args[8] ?? 0, FILE, true)),
      proc_exit: (code: number) => {
        throw new Exit(code)
      },
    }
  }

  /** A new view each time: memory that has grown leaves the old one empty. */
  #view(): DataView {
    return new DataView(this.#memory.buffer)
  }

  #ok(change: (view: DataView) => void): number {
    change(this.#view())
    return SUCCESS
  }

  #argsSizes(count: number, size: number): number {
    return this.#ok((view) => {
      view.setUint32(count, this.#args.length, true)
      view.setUint32(
        size,
        this.#args.reduce((sum, arg) => sum + arg.length, 0),
        true,
      )
    })
  }

  #argsGet(pointers: number, bytes: number): number {
    const view = this.#view()
    let at = bytes
    for (const [i, arg] of this.#args.entries()) {
      view.setUint32(pointers + i * 4, at, true)
      new Uint8Array(view.buffer).set(arg, at)
      at += arg.length
    }
    return SUCCESS
  }

  #status(fd: number, at: number): number {
    if (fd > FILE) return BAD_DESCRIPTOR
    return this.#ok((view) => {
      view.setBigUint64(at, 0n, true)
      view.setUint8(at, fd === ROOT ? DIRECTORY : fd === FILE ? REGULAR_FILE : CHARACTER_DEVICE)
      view.setBigUint64(at + 8, ALL_RIGHTS, true)
      view.setBigUint64(at + 16, ALL_RIGHTS, true)
    })
  }

  /** What goes to the terminal is dropped. */
  #write(fd: number, vectors: number, count: number, writtenAt: number): number {
    const view = this.#view()
    let written = 0
    for (let i = 0; i < count; i++) {
      const from = view.getUint32(vectors + i * 8, true)
      const length = view.getUint32(vectors + i * 8 + 4, true)
      if (fd === FILE) this.#written.push(new Uint8Array(view.buffer, from, length).slice())
      written += length
    }
    view.setUint32(writtenAt, written, true)
    return SUCCESS
  }
}
