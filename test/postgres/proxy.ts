import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SOCKET = '.s.PGSQL.5432'

/** A network between us and a PostgreSQL, which loses connections without a word. */
interface Proxy extends AsyncDisposable {
  /** Of the same database, through here. */
  readonly url: string
  /** Connections that were made so far. */
  readonly connections: () => number
  /** The connections that there are forward nothing any more, and stay open; those that are made later do. */
  readonly silence: () => void
  /** The same, as soon as one of them has forwarded this to the server. */
  readonly silenceBehind: (text: string) => void
}

/** Starts one before the server at an address, whose socket is in the directory that it names. */
export async function startProxy(serverUrl: string): Promise<Proxy> {
  const directory = mkdtempSync(join(tmpdir(), 'offhook-proxy-'))
  const url = new URL(serverUrl)
  const behind = join(url.searchParams.get('host') ?? '', SOCKET)
  url.searchParams.set('host', directory)
  const all: { silent: boolean; readonly ends: readonly Socket[] }[] = []
  let last: string | undefined
  const server = createServer((near) => {
    const far = createConnection(behind)
    const line = { silent: false, ends: [near, far] }
    all.push(line)
    near.on('data', (bytes) => {
      if (line.silent) return
      far.write(bytes)
      if (last === undefined || !bytes.includes(last)) return
      last = undefined
      line.silent = true
    })
    far.on('data', (bytes) => line.silent || near.write(bytes))
    // What one end says of its own end is lost, too.
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      end.on('error', () => {})
      end.on('close', () => line.silent || other.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(join(directory, SOCKET), resolve))
  return {
    url: url.href,
    connections: () => all.length,
    silence: () => {
      for (const line of all) line.silent = true
    },
    silenceBehind: (text) => {
      last = text
    },
    async [Symbol.asyncDispose]() {
      for (const { ends } of all) for (const end of ends) end.destroy()
      await new Promise((resolve) => server.close(resolve))
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
