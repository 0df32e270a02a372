import { Worker } from 'node:worker_threads'
import type { PlanSources, PlansRead } from './read-plans.ts'

/** A thousand numbers take one second, a hundred greetings of ten seconds thirteen [ms]. */
const DEADLINE_MS = 60_000

/** `readPlans` in a thread of its own: a call in this process hears nothing of it. Never rejects. */
export async function readPlansAside(sources: PlanSources): Promise<PlansRead> {
  const worker = new Worker(new URL('./read-plans-worker.ts', import.meta.url), { workerData: sources, execArgv: [] })
  try {
    return await new Promise((resolve, reject) => {
      const late = AbortSignal.timeout(DEADLINE_MS)
      late.addEventListener('abort', () => reject(new Error(`not read within ${DEADLINE_MS} ms`)), { once: true })
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', (code) => reject(new Error(`the thread that reads them ended with ${code}`)))
    })
  } catch (error) {
    return { problems: [`AGENTS_FILE: ${error instanceof Error ? error.message : String(error)}`] }
  } finally {
    await worker.terminate()
  }
}
