import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** How long a connection waits for a process that takes it [ms], and how often that is tried. */
const HOLD_MS = 8000
const RETRY_MS = 50

/** Where connections go. */
export interface Backend {
  readonly port: number
  /** False: it was told to stop, as its `/readyz` says. */
  readonly ready: boolean
}

/** A door in front of several processes. */
export interface Balancer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** Connections that stand, each in words. */
  readonly open: readonly string[]
}

/**
 * The smallest load balancer there is: each TCP connection goes to the first process that is ready and whose port
 * answers, and is held for a while when there is none. What breaks behind it breaks before it.
 */
export async function startBalancer(backends: () => readonly Backend[]): Promise<Balancer> {
  const pairs = new Set<Socket>()
  const server = createServer({ pauseOnConnect: true }, (client) => {
    pairs.add(client)
    client.on('close', () => pairs.delete(client))
    client.on('error', () => client.destroy())
    void join(client, backends)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get open() {
      return [...pairs]
        .filter((client) => !client.destroyed)
        .map(
          (client) =>
            `from port ${client.remotePort}, ${client.readyState}, ${client.bytesRead} in, ${client.bytesWritten} out`,
        )
    },
    async [Symbol.asyncDispose]() {
      for (const client of pairs) client.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function join(client: Socket, backends: () => readonly Backend[]): Promise<void> {
  const untilMs = performance.now() + HOLD_MS
  while (!client.destroyed && performance.now() < untilMs) {
    for (const { port } of backends().filter(({ ready }) => ready)) {
      const server = await reach(port)
      if (server === undefined) continue
      splice(client, server)
      return
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
  client.destroy()
}

function reach(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(undefined))
  })
}

function splice(client: Socket, server: Socket): void {
  if (client.destroyed) {
    server.destroy()
    return
  }
  client.setNoDelay(true)
  server.on('error', () => client.destroy())
  server.on('close', () => client.destroy())
  client.on('close', () => server.destroy())
  client.pipe(server)
  server.pipe(client)
}
