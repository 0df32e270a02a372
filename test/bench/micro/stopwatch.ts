/** Something whose cost is wanted: one run stands for one second of one call's sound in one direction. */
export interface Task {
  readonly name: string
  run(): void
}

const ROUND_US = 40_000
const WARM_UP_US = 150_000

/** CPU time of the process [us], its helper threads (compiler, garbage collector) too. */
function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/**
 * CPU of one run of each task [us], the median of `rounds`.
 *
 * ```
 *   warm up A B C … │ A A A B C C C C │ A A A B C C C C │ …     as many runs a round as fill 40 ms
 * ```
 * The rounds are interleaved, so that what else happens on the machine meets all tasks alike.
 */
export function timeTasks(tasks: readonly Task[], rounds: number): Map<string, number> {
  const timed = tasks.map((task) => ({ task, runs: warmUp(task), samples: [] as number[] }))
  for (let round = 0; round < rounds; round++) {
    for (const { task, runs, samples } of timed) {
      const start = cpuUs()
      for (let i = 0; i < runs; i++) task.run()
      samples.push((cpuUs() - start) / runs)
    }
  }
  return new Map(timed.map(({ task, samples }) => [task.name, median(samples)]))
}

/** Runs until the code is compiled; returns how many runs fill a round. */
function warmUp(task: Task): number {
  const start = cpuUs()
  let runs = 0
  while (cpuUs() - start < WARM_UP_US) {
    task.run()
    runs++
  }
  return Math.max(1, Math.round((runs * ROUND_US) / WARM_UP_US))
}

function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return ((sorted[middle] ?? 0) + (sorted[sorted.length - 1 - middle] ?? 0)) / 2
}
