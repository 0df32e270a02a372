import { createHmac } from 'node:crypto'
import type { Analysis } from '../call/analysis.ts'
import type { KeptCall } from './kept-call.ts'

/** What a receiver is told of. */
type WebhookType = 'call.ended' | 'call.analysed'

/** One webhook that is to be delivered. */
export interface Webhook {
  readonly callId: string
  readonly type: WebhookType
  /** The same in all its attempts, also of a process that was started anew. */
  readonly key: string
  readonly body: string
}

/** Where people look at a call. */
export type LinkToCall = (callId: string) => string

/** Tells of a call that is over; with `analysis`, what was made of it. */
export function webhookOf(kept: KeptCall, linkTo: LinkToCall, analysis?: Analysis): Webhook {
  const { callId, openedAt, streams } = kept.summary
  const type = analysis === undefined ? 'call.ended' : 'call.analysed'
  // Who comes back after it was over is told of anew: that end is another one.
  const key = `${callId}:${type}:${openedAt}:${streams}`
  const told = { id: key, type, call: callOf(kept), links: { call: linkTo(callId) } }
  return { callId, type, key, body: JSON.stringify(analysis === undefined ? told : { ...told, analysis }) }
}

function callOf({ summary, lastAt, counters, latency }: KeptCall) {
  const { callId, agent, provider, from, to, openedAt, endedAt, reason, code } = summary
  const { durationMs, streams, turns, bargeIns, tools, losses, usage } = summary
  return {
    ...{ callId, agent, provider, from, to },
    openedAt: new Date(openedAt).toISOString(),
    endedAt: new Date(endedAt ?? lastAt).toISOString(),
    reason: reason ?? null,
    code: code ?? null,
    ...{ durationMs, streams, turns, bargeIns, tools, losses, usage },
    counters: { ...counters, turns, bargeIns },
    latency,
  }
}

/** The headers of one attempt: its time is signed too, so that it cannot be sent again later by others. */
export function headersOf({ key, type, body }: Webhook, secret: string, nowAt: number): Record<string, string> {
  const t = Math.floor(nowAt / 1000)
  const v1 = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')
  return {
    'content-type': 'application/json',
    'user-agent': 'offhook',
    'idempotency-key': key,
    'offhook-event': type,
    'offhook-signature': `t=${t},v1=${v1}`,
  }
}
