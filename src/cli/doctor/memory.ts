import type { Config } from '../../config.ts'
import { type Check, type Finding, ok, warn } from './check.ts'

/** A process at rest, a call, and the embedded agent with its recogniser and each of its callers [MB] (docs/measurements.md). */
const PROCESS_MB = 230
const CALL_MB = 1
const LOCAL_MB = 300
const LOCAL_CALL_MB = 60

/** Whether there is memory for as many calls as may come. */
export const memoryCheck: Check = {
  name: 'memory',
  async run({ config }) {
    return judgeMemory(config, process.availableMemory() / 1e6)
  },
}

/** Whether so much memory [MB] does for this configuration. */
export function judgeMemory(
  {
    workers,
    limits,
    providers,
  }: Pick<Config, 'workers' | 'providers'> & { limits: Pick<Config['limits'], 'maxCalls'> },
  freeMb: number,
): Finding {
  const local = providers.find(({ name }) => name === 'local')
  const forLocal = local?.name === 'local' ? LOCAL_MB + local.maxCalls * LOCAL_CALL_MB : 0
  const processes = workers === 1 ? 1 : workers + 1
  const needMb = processes * PROCESS_MB + limits.maxCalls * CALL_MB + forLocal
  const what = `${Math.round(freeMb)} MB free; ${limits.maxCalls} calls take about ${needMb} MB`
  return freeMb < needMb ? warn(what, 'lower MAX_CALLS or WORKERS, or give it more memory') : ok(what)
}
