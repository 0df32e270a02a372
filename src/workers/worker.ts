/**
 * A process that carries calls. It takes media sockets and settings from the reception, asks it whose a stream is, and
 * tells it what happens. It knows neither the port nor the carrier's secret.
 *
 * ```
 *   setup ─▶ ready ─▶ sockets, calls … ── end ─▶ exit 0
 *                          └─ the reception is gone ─▶ exit 1, at once: a call that nobody can steer is nobody's
 * ```
 */
import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { systemClock } from '../base/clock.ts'
import { makeLog } from '../base/log.ts'
import { watchThisProcess } from '../operator/metrics.ts'
import { type CallRoom, openCallRoom } from './call-room.ts'
import type { FromWorker, ToWorker, UpgradeHead, WorkerSetup } from './messages.ts'
import { RemoteRegister } from './remote-register.ts'

// Ctrl-C goes to the whole group of processes; the reception drains first, then ends us.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
process.on('disconnect', () => process.exit(1))

const register = new RemoteRegister(systemClock, tell)
const vitals = watchThisProcess()
const waiting = new Map<number, Socket>()
let room: CallRoom | undefined

process.on('message', (message: ToWorker, socket: Socket | undefined) => {
  switch (message.type) {
    case 'setup':
      room = openRoom(message.setup)
      tell({ type: 'ready' })
      return
    case 'socket':
      take(message.socket, socket)
      return
    case 'upgrade':
      upgrade(message.socket, message.request, message.head)
      return
    case 'welcome':
      register.welcomed(message.ask, message.welcome)
      return
    case 'lose':
      void register.lose(message.stream, message.why).then((state) => tell({ type: 'lost', ask: message.ask, state }))
      return
    case 'stop':
      void room?.drain(0).then(() => tell({ type: 'stopped', ask: message.ask }))
      return
    case 'vitals':
      void vitals().then((read) => tell({ type: 'vitals', ask: message.ask, vitals: read }))
      return
    case 'ping':
      tell({ type: 'pong', ask: message.ask })
      return
    case 'end':
      void end()
  }
})

function openRoom({ worker, settings, logLevel }: WorkerSetup): CallRoom {
  const log = makeLog(logLevel).child({ worker })
  process.on('uncaughtException', (error) => {
    log.fatal({ error: error.message, stack: error.stack }, 'uncaught error')
    process.exit(1)
  })
  return openCallRoom({
    ...{ settings, register, log, clock: systemClock },
    onCallEvent: (callId, event) => tell({ type: 'event', callId, event }),
  })
}

/** The client hung up while its socket was on the way: then there is none. */
function take(number: number, socket: Socket | undefined): void {
  if (socket === undefined) {
    tell({ type: 'socket-closed', socket: number })
    return
  }
  waiting.set(number, socket)
  socket.on('error', () => {})
  socket.once('close', () => {
    waiting.delete(number)
    tell({ type: 'socket-closed', socket: number })
  })
}

function upgrade(number: number, { method, url, headers }: UpgradeHead, head: Uint8Array): void {
  const socket = waiting.get(number)
  if (socket === undefined) return
  waiting.delete(number)
  const request = new IncomingMessage(socket)
  Object.assign(request, { method, url, headers })
  room?.media.open(request, socket, Buffer.from(head))
}

async function end(): Promise<void> {
  await room?.[Symbol.asyncDispose]()
  for (const socket of waiting.values()) socket.destroy()
  process.exit(0)
}

function tell(message: FromWorker): void {
  // Without a channel there is nobody to tell, and we are about to end.
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}
