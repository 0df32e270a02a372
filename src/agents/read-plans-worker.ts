import { parentPort, workerData } from 'node:worker_threads'
import { type PlanSources, readPlans } from './read-plans.ts'

parentPort?.postMessage(readPlans(workerData as PlanSources))
