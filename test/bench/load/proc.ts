import { readdirSync, readFileSync } from 'node:fs'

/** What a process and its descendants have used and hold. */
export interface Usage {
  /** Since they began, all threads [ms]. */
  readonly cpuMs: number
  /** Resident [MB]. */
  readonly rssMb: number
}

/**
 * Reads /proc: the scheduler's own count of each thread, which is exact, where `stat` counts ticks of 10 ms.
 * Threads that ended between two readings are missing from the second.
 * @throws Error where there is no /proc, or no such process.
 */
export function usageOf(pid: number): Usage {
  const all = [pid, ...descendantsOf(pid)]
  return {
    cpuMs: all.reduce((sum, one) => sum + cpuMsOf(one), 0),
    rssMb: all.reduce((sum, one) => sum + rssMbOf(one), 0),
  }
}

/** How long a core has been busy with processes since the machine began, or been kept by its host [ms]. */
export function coreBusyMs(core: number): number {
  const line = read('/proc/stat')
    .split('\n')
    .find((text) => text.startsWith(`cpu${core} `))
  if (line === undefined) throw new Error(`/proc/stat knows no core ${core}`)
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = line.split(/\s+/).slice(1).map(Number)
  return (user + nice + system + steal) * TICK_MS
}

/** The unit of /proc/stat on Linux, whatever the kernel's own tick is. */
const TICK_MS = 10

function cpuMsOf(pid: number): number {
  const tasks = `/proc/${pid}/task`
  let ns = 0
  for (const task of list(tasks)) {
    try {
      ns += Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ', 1)[0])
    } catch {
      // The thread ended while we were reading.
    }
  }
  return ns / 1e6
}

function rssMbOf(pid: number): number {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1]
  return Number(kb ?? 0) / 1024
}

function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number[]>()
  for (const name of list('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      // The name of the program, in parentheses, may hold anything.
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      const parent = Number(fields[1])
      parents.set(parent, [...(parents.get(parent) ?? []), Number(name)])
    } catch {
      // It ended while we were reading.
    }
  }
  const below = (one: number): number[] => (parents.get(one) ?? []).flatMap((child) => [child, ...below(child)])
  return below(pid)
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (cause) {
    throw new Error(`cannot read ${path}: the bench needs Linux with /proc, and the process alive`, { cause })
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Error(`cannot read ${path}: the bench needs Linux with /proc, and the process alive`, { cause })
  }
}
