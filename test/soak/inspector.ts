import { once } from 'node:events'
import { WebSocket } from 'ws'

/** How long one answer may take [ms]: a collection of a big heap stops everything. */
const ANSWER_MS = 20_000

/**
 * Looks into a running Node process through its inspector, as a debugger does: it needs no door of the program's own.
 * `Runtime.enable` is not asked for, because the process would keep what it logs for us.
 */
export class Inspector implements Disposable {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #asked = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => this.#take(String(data)))
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the process let go of its inspector'))
    })
    socket.on('error', () => undefined)
  }

  /** @param url what the process wrote after `Debugger listening on`. */
  static async open(url: string): Promise<Inspector> {
    const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: ANSWER_MS })
    await once(socket, 'open')
    return new Inspector(socket)
  }

  /** Collects what nobody needs, twice: finalizers of the first round free more. */
  async collect(): Promise<void> {
    await this.#ask('HeapProfiler.collectGarbage')
    await this.#ask('HeapProfiler.collectGarbage')
  }

  /** What is alive [bytes]: objects, and the bytes of buffers beside them. */
  async usage(): Promise<{ readonly heap: number; readonly buffers: number }> {
    const usage = await this.#ask('Runtime.getHeapUsage')
    return { heap: numberIn(usage, 'usedSize'), buffers: numberIn(usage, 'backingStorageSize') }
  }

  /** How many objects there are whose prototype is what `expression` says; what is not needed any more is collected first. */
  async count(expression: string): Promise<number> {
    const objectGroup = 'count'
    const found = await this.#ask('Runtime.evaluate', { expression, objectGroup })
    const prototypeObjectId = textIn(partOf(found, 'result'), 'objectId')
    const all = await this.#ask('Runtime.queryObjects', { prototypeObjectId, objectGroup })
    const objectId = textIn(partOf(all, 'objects'), 'objectId')
    const functionDeclaration = 'function () { return this.length }'
    const length = await this.#ask('Runtime.callFunctionOn', { objectId, functionDeclaration, returnByValue: true })
    await this.#ask('Runtime.releaseObjectGroup', { objectGroup })
    return numberIn(partOf(length, 'result'), 'value')
  }

  async run(expression: string): Promise<void> {
    await this.#ask('Runtime.evaluate', { expression })
  }

  [Symbol.dispose](): void {
    this.#socket.terminate()
  }

  async #ask(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#asked
    const answer = Promise.withResolvers<unknown>()
    this.#waiting.set(id, answer)
    const late = setTimeout(() => answer.reject(new Error(`${method} was not answered`)), ANSWER_MS)
    this.#socket.send(JSON.stringify({ id, method, params }))
    try {
      return await answer.promise
    } finally {
      clearTimeout(late)
      this.#waiting.delete(id)
    }
  }

  #take(text: string): void {
    const message: unknown = JSON.parse(text)
    const id = valueIn(message, 'id')
    const waiting = typeof id === 'number' ? this.#waiting.get(id) : undefined
    const error = valueIn(message, 'error') ?? valueIn(valueIn(message, 'result'), 'exceptionDetails')
    if (error === undefined) waiting?.resolve(valueIn(message, 'result'))
    else waiting?.reject(new Error(`the inspector: ${JSON.stringify(error)}`))
  }
}

function valueIn(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined
}

function partOf(object: unknown, name: string): object {
  const part = valueIn(object, name)
  if (typeof part !== 'object' || part === null) throw new TypeError(`the inspector said no ${name}`)
  return part
}

function numberIn(object: unknown, name: string): number {
  const value = valueIn(object, name)
  if (typeof value !== 'number') throw new TypeError(`the inspector said no ${name}`)
  return value
}

function textIn(object: unknown, name: string): string {
  const value = valueIn(object, name)
  if (typeof value !== 'string') throw new TypeError(`the inspector said no ${name}`)
  return value
}
