import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { type AfterCall, startAfterCall } from './after-call/after-call.ts'
import type { AgentPlans } from './agents/plan.ts'
import { systemClock } from './base/clock.ts'
import type { Logger } from './base/log.ts'
import type { DeskEventSink } from './call/desk.ts'
import { makeBrowserDoor } from './carriers/twilio/browser-door.ts'
import type { Switchboard } from './carriers/twilio/switchboard.ts'
import { CALLS_FOLDER, saveAsTest } from './cli/replay/save-as-test.ts'
import type { Config } from './config.ts'
import type { FrontGate } from './front-gate.ts'
import type { Kept } from './open-store.ts'
import type { HouseHealth } from './operator/api.ts'
import type { HouseDirectory } from './operator/history-routes.ts'
import type { Metrics } from './operator/metrics.ts'
import { makeOperatorDesk, type OperatorDesk } from './operator/operator-desk.ts'
import { startTraces } from './operator/traces.ts'
import { isLoopbackUrl } from './settings.ts'
import type { CallRoom } from './workers/call-room.ts'

/** What the house gives to those who operate it. */
export interface HouseParts {
  readonly config: Config
  readonly kept: Kept
  readonly room: CallRoom
  readonly gate: FrontGate
  readonly switchboard: Switchboard
  /** Of today. */
  readonly plans: () => AgentPlans
  readonly log: Logger
}

/** What Vite has built of the page. */
const PAGE_FOLDER = join(import.meta.dirname, '..', 'dist', 'page')

const own = { clock: systemClock, now: () => Date.now() }

/** The operators' desk, with everything of the house that it shows. @param publicUrl where callers reach it. */
export function openDesk(parts: HouseParts, publicUrl: string): OperatorDesk {
  const { config, kept, room, switchboard, log } = parts
  const { password, userHeader, proxies, prices, currency } = config.operator
  const { dataDir: directory } = config
  const startedMs = systemClock.now()
  return makeOperatorDesk({
    ...{ ...own, log, prices, currency, pageFolder: PAGE_FOLDER },
    ...{ archive: kept.store, shelf: kept.shelf, supervision: room.supervision },
    directory: () => directoryOf(parts.plans()),
    health: () => healthOf(parts, startedMs),
    access: {
      ...(password === undefined ? {} : { password: password.reveal() }),
      ...(userHeader === undefined ? {} : { userHeader }),
      proxies,
      behindProxy: config.publicUrl !== undefined && !isLoopbackUrl(config.publicUrl),
      secureCookie: publicUrl.startsWith('https:'),
      publicUrl,
    },
    ...(directory === undefined
      ? {}
      : {
          saveAsTest: (callId, name, redact) => saveAsTest({ directory, callId, name, redact, ...savedIn(directory) }),
        }),
    phone: makeBrowserDoor({ switchboard, media: room.media, publicUrl, log }),
  })
}

/** With the recorded calls of the house, where `npm test` finds them; in an image, which has none, with the data. */
function savedIn(directory: string): { readonly into?: string } {
  try {
    accessSync(CALLS_FOLDER, constants.W_OK)
    return {}
  } catch {
    return { into: join(directory, 'saved-calls') }
  }
}

/** What is done with calls that are over. @throws RangeError that says what is wrong with ANALYSIS_SHAPE_FILE. */
export function openAfterCall(
  { config, kept, log }: HouseParts,
  publicUrl: string,
  { metrics, append }: { readonly metrics: Metrics; readonly append: DeskEventSink },
): AfterCall {
  const { analyst, shapeFile, webhook } = config.afterCall
  return startAfterCall({
    ...{ ...own, log, append, shapeFile, archive: kept.store, shelf: kept.shelf },
    claim: (ticket, untilAt) => kept.store.claim(ticket, untilAt),
    analyst: analyst && { ...analyst, key: analyst.key.reveal() },
    webhook: webhook && { url: webhook.url, secret: webhook.secret.reveal() },
    linkTo: (callId) => `${publicUrl}/#/calls/${callId}`,
    count: (kind, outcome) => metrics.afterCall(kind, outcome),
  })
}

/** Where traces go, if anywhere; the scope sends what waits. */
export async function openTraces({ traces }: Config, log: Logger, scope: AsyncDisposableStack): Promise<DeskEventSink> {
  if (traces === undefined) return () => {}
  const { endpoint, headers, serviceName } = traces
  const opened = scope.use(await startTraces({ endpoint, headers: headers?.reveal(), serviceName, log }))
  return (callId, event) => opened.take(callId, event)
}

function healthOf({ config, kept, room, gate }: HouseParts, startedMs: number): HouseHealth {
  const { limits } = config
  const workers = room.load.map(({ worker, ready, liveCalls, deaths }) => ({ worker, ready, liveCalls, deaths }))
  return {
    liveCalls: workers.reduce((sum, { liveCalls }) => sum + liveCalls, 0),
    maxCalls: limits.maxCalls,
    open: gate.isOpen,
    lagMs: gate.lagMs,
    maxLagMs: limits.maxLagMs,
    store: kept.health(),
    workers,
    keptIn: kept.where,
    uptimeMs: systemClock.now() - startedMs,
  }
}

function directoryOf(plans: AgentPlans): HouseDirectory {
  const all = [plans.default, ...plans.numbers.values()]
  const targets = new Map(all.flatMap(({ transferTargets }) => Object.entries(transferTargets)))
  return {
    agents: [...new Set(all.map(({ name }) => name))],
    transferTargets: [...targets].map(([name, number]) => ({ name, number })),
    numbers: [
      { number: 'default', agent: plans.default.name },
      ...[...plans.numbers].map(([number, { name }]) => ({ number, agent: name })),
    ],
  }
}
