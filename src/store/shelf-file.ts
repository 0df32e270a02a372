import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Logger } from '../base/log.ts'
import { codeOf, placeOf } from './shelf.ts'

/** What waits for the disk at most [bytes]: 30 s of a recording. A disk that is further behind will not catch up. */
const MAX_WAITING = 1 << 20

/** Where a file is to be. */
interface FilePlace {
  /** The data directory. */
  readonly directory: string
  readonly callId: string
  readonly name: string
}

/** Told once of each file, when nothing more is written to it: how long it became, and whether it broke off. */
export type FileClosed = (file: { readonly bytes: number; readonly failed: boolean }) => void

export interface ShelfFileOptions extends FilePlace {
  readonly log: Logger
  readonly onClosed?: FileClosed | undefined
  /** Bytes that stand at the file's beginning and change as it grows, given how many bytes follow them. */
  readonly header?: (bytes: number) => Uint8Array
  /** Opens it; for tests of a disk that fails. */
  readonly open?: (place: FilePlace) => Promise<WritableFile>
}

/** As much of a file as is written to. */
export type WritableFile = Pick<FileHandle, 'write' | 'close'>

/**
 * A file that grows at its end, written beside the caller's work, one write at a time.
 *
 * ```
 *   append ─▶ waiting (1 MB at most) ─▶ write ─▶ header ─▶ what came meanwhile: write ─▶ header … ─▶ close
 *                  └ full, or the disk says no: one line in the log, and nothing more is taken
 * ```
 * The header is written behind what it tells of, so it is true whenever the process dies.
 */
export class ShelfFile {
  readonly #options: ShelfFileOptions
  readonly #written: Promise<void>
  #wake: (() => void) | undefined
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #closed = false
  #broken = false
  #bytes = 0

  constructor(options: ShelfFileOptions) {
    this.#options = options
    this.#written = this.#run()
      .catch((error: unknown) => this.#giveUp(codeOf(error)))
      .then(() => options.onClosed?.({ bytes: this.#bytes, failed: this.#broken }))
  }

  /** Whether anything that is appended is still written. */
  get writable(): boolean {
    return !this.#closed && !this.#broken
  }

  /** Bytes that were taken, waiting ones among them. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes the bytes as they are: they must not change any more. */
  append(bytes: Uint8Array): void {
    if (!this.writable || bytes.length === 0) return
    if (this.#waitingBytes + bytes.length > MAX_WAITING) {
      this.#giveUp('the disk is too slow')
      return
    }
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#bytes += bytes.length
    this.#wake?.()
  }

  /** Resolves when all is written that can be, and the file is closed. */
  async close(): Promise<void> {
    this.#closed = true
    this.#wake?.()
    await this.#written
  }

  async #run(): Promise<void> {
    const { header } = this.#options
    const file = await (this.#options.open ?? openFile)(this.#options)
    try {
      const room = header?.(0).length ?? 0
      let bytes = 0
      if (header !== undefined) await writeAll(file, header(0), 0)
      for (;;) {
        const waiting = this.#take()
        if (waiting.length > 0) {
          await writeAll(file, waiting, room + bytes)
          bytes += waiting.length
          if (header !== undefined) await writeAll(file, header(bytes), 0)
        } else if (this.writable) await this.#more()
        else return
      }
    } finally {
      await file.close()
    }
  }

  #take(): Uint8Array {
    const [first, ...others] = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    return first !== undefined && others.length === 0
      ? first
      : Buffer.concat(first === undefined ? [] : [first, ...others])
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }

  #giveUp(reason: string): void {
    if (this.#broken) return
    this.#broken = true
    this.#waiting = []
    const { log, callId, name } = this.#options
    log.error({ callId, file: name, reason }, 'a call is not recorded any further')
    this.#wake?.()
  }
}

/** Of a new file, only ever its own: what is there already, a link too, is not written to. */
async function openFile({ directory, callId, name }: FilePlace): Promise<WritableFile> {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants
  return open(await placeOf(directory, callId, name), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600)
}

async function writeAll(file: WritableFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at)
    // What is not taken is taken the next time, or the disk says why not.
    at += bytesWritten
  }
}

/**
 * The files that are open, so that who ends the process can wait for them.
 * @param closeMs how long; what is not written by then is lost [ms].
 */
export class OpenFiles implements AsyncDisposable {
  readonly #closing = new Set<Promise<void>>()
  readonly #open = new Set<{ close(): Promise<void> }>()
  readonly #closeMs: number

  constructor(closeMs = 5000) {
    this.#closeMs = closeMs
  }

  add(file: { close(): Promise<void> }): void {
    this.#open.add(file)
  }

  /** Closes it, and does not wait for that. */
  close(file: { close(): Promise<void> }): void {
    if (!this.#open.delete(file)) return
    const closing = file.close().finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#open) this.close(file)
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, this.#closeMs)
    await Promise.race([Promise.allSettled(this.#closing), late.promise])
    clearTimeout(timer)
  }
}
