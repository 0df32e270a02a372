import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Check, fail, ok } from './check.ts'

const todos: Readonly<Record<string, string>> = {
  EADDRINUSE: 'stop what has it, or set another PORT',
  EACCES: 'ports below 1024 are not for everybody: set another PORT, and let a proxy lead to it',
  EADDRNOTAVAIL: 'HOST is no address of this machine',
}

/** Whether the server has its port, or can have it. */
export const portCheck: Check = {
  name: 'port',
  async run({ config: { port, host }, site }) {
    if (site.how === 'here') return ok(`port ${port} is the server’s`)
    const server = createServer()
    try {
      server.listen(port, host)
      await once(server, 'listening')
      return ok(`port ${port} is free`)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      // Who answers in public may well be it.
      if (code === 'EADDRINUSE' && site.how === 'public')
        return ok(`port ${port} is in use: by the server, as it answers`)
      return fail(`port ${port} cannot be had: ${code}`, todos[code] ?? 'correct PORT and HOST')
    } finally {
      server.close()
    }
  },
}
