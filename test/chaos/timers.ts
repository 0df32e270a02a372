import { WebSocket } from 'ws'

/** How long the inspector may take for one question [ms]. */
const ANSWER_MS = 10_000

/** What the inspector answers with, as far as it is looked at. */
interface Answer {
  readonly id?: number
  readonly error?: { readonly message: string }
  readonly result?: {
    readonly result?: { readonly objectId?: string; readonly value?: unknown }
    readonly objects?: { readonly objectId?: string }
  }
}

/** What the inspector is asked to run in the other process. */
interface TimerThere {
  readonly _destroyed: boolean
  readonly _idleTimeout: number
  readonly _onTimeout: unknown
}

/** Runs there: says of each timer that is set what it is to do. */
function describe(this: readonly TimerThere[]): readonly string[] {
  const isSet = ({ _destroyed, _onTimeout }: TimerThere) => !_destroyed && _onTimeout !== null
  return this.filter(isSet).map(({ _onTimeout }) => String(_onTimeout).replace(/\s+/g, ' ').slice(0, 120))
}

/**
 * Timers of a process that are set and have not run, each by what it is to do: its inspector looks for them in the heap,
 * because those that do not keep the process alive are in no other list.
 * @param url of the inspector, as the process prints it.
 */
export async function timersOf(url: string): Promise<readonly string[]> {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  try {
    await settled((resolve, reject) => socket.once('open', resolve).once('error', reject))
    const prototype = await ask(socket, 1, 'Runtime.evaluate', {
      expression:
        'Object.getPrototypeOf(clearTimeout(globalThis.$chaos = setTimeout(() => {}, 1)) ?? globalThis.$chaos)',
    })
    const found = await ask(socket, 2, 'Runtime.queryObjects', {
      prototypeObjectId: prototype.result?.result?.objectId,
    })
    const list = await ask(socket, 3, 'Runtime.callFunctionOn', {
      objectId: found.result?.objects?.objectId,
      functionDeclaration: `${describe}`,
      returnByValue: true,
    })
    const value = list.result?.result?.value
    return Array.isArray(value) ? value.map(String) : []
  } finally {
    socket.terminate()
  }
}

async function ask(socket: WebSocket, id: number, method: string, params: object): Promise<Answer> {
  const answer = await settled<Answer>((resolve) => {
    const listener = (data: WebSocket.RawData) => {
      const message: Answer = JSON.parse(String(data))
      if (message.id !== id) return
      socket.off('message', listener)
      resolve(message)
    }
    socket.on('message', listener)
    socket.send(JSON.stringify({ id, method, params }))
  })
  if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`)
  return answer
}

function settled<T>(
  start: (resolve: (value: T | PromiseLike<T>) => void, reject: (error: Error) => void) => void,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const deadline = setTimeout(() => reject(new Error('the inspector does not answer')), ANSWER_MS)
  start(resolve, reject)
  return promise.finally(() => clearTimeout(deadline))
}
