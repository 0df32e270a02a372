/**
 * A process that carries calls. It takes media sockets and settings from the reception, asks it whose a stream is, and
 * tells it what happens. It does not know the port, and the carrier's secret only where an agent sends texts.
 *
 * ```
 *   setup ─▶ ready ─▶ sockets, calls … ── end ─▶ exit 0
 *                          └─ the reception is gone ─▶ exit 1, at once: a call that nobody can steer is nobody's
 * ```
 */
import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { AgentPlans } from '../agents/plan.ts'
import { systemClock } from '../base/clock.ts'
import { watchLag } from '../base/lag.ts'
import { type Logger, makeLog } from '../base/log.ts'
import { watchThisProcess } from '../operator/vitals.ts'
import { type CallRoom, openCallRoom } from './call-room.ts'
import type { FromWorker, ToWorker, UpgradeHead, WorkerSetup } from './messages.ts'
import { RemoteRegister } from './remote-register.ts'
import { makeSupervised } from './supervised.ts'

// Ctrl-C and a hang-up go to the whole group of processes; the reception drains first, then ends us.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
process.on('SIGHUP', () => {})
process.on('disconnect', () => process.exit(1))

const register = new RemoteRegister(systemClock, tell)
const vitals = watchThisProcess()
const lag = watchLag()
const waiting = new Map<number, Socket>()
let room: CallRoom | undefined
let supervised: ReturnType<typeof makeSupervised> | undefined
let log: Logger | undefined

process.on('message', (message: ToWorker, socket: Socket | undefined) => {
  switch (message.type) {
    case 'setup':
      room = openRoom(message.setup)
      supervised = makeSupervised(room.supervision, tell)
      tell({ type: 'ready' })
      return
    case 'employ':
      employ(message.plans)
      return
    case 'expect':
      room?.media.expect(message.info)
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
      tell({ type: 'pong', ask: message.ask, lagMs: lag.p99Ms })
      return
    case 'end':
      void end()
      return
    default:
      supervised?.(message)
  }
})

function openRoom({ worker, settings, logLevel }: WorkerSetup): CallRoom {
  const own = makeLog(logLevel).child({ worker })
  log = own
  process.on('uncaughtException', (error) => {
    own.fatal({ error: error.message, stack: error.stack }, 'uncaught error')
    process.exit(1)
  })
  return openCallRoom({
    ...{ settings, register, log: own, clock: systemClock, now: () => Date.now() },
    onCallEvent: (callId, event) => tell({ type: 'event', callId, event }),
  })
}

/** Plans were tried before they came; one that cannot be kept all the same leaves the old ones, and the calls, alone. */
function employ(plans: AgentPlans): void {
  try {
    room?.employ(plans)
  } catch (error) {
    log?.error({ error: error instanceof Error ? error.message : 'unknown' }, 'agents not reloaded')
  }
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
