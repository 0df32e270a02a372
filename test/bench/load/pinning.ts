import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { availableParallelism, setPriority } from 'node:os'

/** Which cores the bridge and the load generators may use, as `taskset` writes them; `undefined`: any. */
export interface Pinning {
  readonly bridge: string | undefined
  /** The bridge's, one by one; none when it is not pinned. */
  readonly bridgeCores: readonly number[]
  readonly generators: string | undefined
  readonly said: string
}

/** A core for the bridge, or one a worker, and what is left (at least one) for the generators. */
export function choosePinning(workers: number, cores = availableParallelism(), hasTaskset = findTaskset()): Pinning {
  if (!hasTaskset || cores < workers + 1) {
    const why = hasTaskset ? `${cores} cores are too few for ${workers} worker(s) and the generators` : 'no taskset'
    return { bridge: undefined, bridgeCores: [], generators: undefined, said: `nothing pinned: ${why}` }
  }
  const bridge = workers === 1 ? '0' : `0-${workers - 1}`
  const generators = String(workers)
  const bridgeCores = Array.from({ length: workers }, (_, core) => core)
  return { bridge, bridgeCores, generators, said: `bridge on core ${bridge}, carrier and model on core ${generators}` }
}

/**
 * Puts a process that leads its own session before or behind the others. Linux shares the cores among sessions first, so
 * a nice value alone would count for nothing.
 * @throws Error when it is not allowed.
 */
export function prioritise(pid: number, nice: number): void {
  setPriority(pid, nice)
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(nice))
  } catch {
    // A kernel without groups for sessions: the nice value does it.
  }
}

function findTaskset(): boolean {
  return spawnSync('taskset', ['-V'], { timeout: 5000 }).status === 0
}
