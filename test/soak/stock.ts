import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { table } from '../bench/load/table.ts'
import type { Inspector } from './inspector.ts'

/** What a process holds. */
export interface Stock {
  /** Resident [MB]. */
  readonly rssMb: number
  /** Objects that are alive after a collection [MB]. */
  readonly heapMb: number
  /** Bytes of buffers that are alive [MB]. */
  readonly buffersMb: number
  /** Open ones, that of the inspector too. */
  readonly sockets: number
  /** `Timeout` objects, those that keep nobody alive too. */
  readonly timers: number
  readonly abortSignals: number
  /** `net.Socket` objects: open, or held by somebody. */
  readonly socketObjects: number
}

/** What may be more at the end than in the beginning, whatever the number of calls was. */
const tolerances: Readonly<Record<keyof Stock, number>> = {
  // A thousand bytes a call would be 10 MB more after 10,000 calls. Compiled code and its feedback grow by 2 to 3.
  heapMb: 6,
  buffersMb: 4,
  // The allocator keeps what was freed.
  rssMb: 60,
  sockets: 0,
  timers: 5,
  abortSignals: 10,
  socketObjects: 0,
}

const units: Readonly<Record<keyof Stock, string>> = {
  heapMb: 'heap after gc [MB]',
  buffersMb: 'buffers after gc [MB]',
  rssMb: 'resident [MB]',
  sockets: 'open sockets',
  timers: 'timers',
  abortSignals: 'abort signals',
  socketObjects: 'socket objects',
}

const quantities = ['heapMb', 'buffersMb', 'rssMb', 'sockets', 'timers', 'abortSignals', 'socketObjects'] as const

const PROTOTYPES = {
  timers: 'Object.getPrototypeOf(setTimeout(() => {}, 0).unref())',
  abortSignals: 'AbortSignal.prototype',
  socketObjects: "process.getBuiltinModule('node:net').Socket.prototype",
}

/** @throws Error where there is no /proc, or no such process. */
export async function takeStock(pid: number, inspector: Inspector): Promise<Stock> {
  await inspector.collect()
  const counts = {
    timers: await inspector.count(PROTOTYPES.timers),
    abortSignals: await inspector.count(PROTOTYPES.abortSignals),
    socketObjects: await inspector.count(PROTOTYPES.socketObjects),
  }
  const { heap, buffers } = await inspector.usage()
  const mb = (bytes: number) => bytes / 2 ** 20
  return { rssMb: rssMbOf(pid), heapMb: mb(heap), buffersMb: mb(buffers), sockets: socketsOf(pid), ...counts }
}

/** Every quantity that is more than it may be, in words; none: it is back where it was. */
export function growth(before: Stock, after: Stock): readonly string[] {
  return quantities.flatMap((name) => {
    const grown = after[name] - before[name]
    return grown > tolerances[name] ? [`${units[name]}: ${rounded(grown)} more than before`] : []
  })
}

/** A column a reading. */
export function stockTable(readings: readonly (readonly [string, Stock])[]): string {
  return table(
    ['', ...readings.map(([label]) => label), 'may grow by'],
    quantities.map((name) => [
      units[name],
      ...readings.map(([, stock]) => rounded(stock[name])),
      rounded(tolerances[name]),
    ]),
  )
}

function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1)
}

function rssMbOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}

function socketsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).filter((name) => {
    try {
      return readlinkSync(`${folder}/${name}`).startsWith('socket:')
    } catch {
      // It was closed while we were reading.
      return false
    }
  }).length
}
