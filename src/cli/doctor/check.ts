import type { AgentPlans } from '../../agents/plan.ts'
import type { Config } from '../../config.ts'
import type { CallReport } from './synthetic-call.ts'

/** What a check found, and what an operator is to do about it: nothing when it is `ok`. */
export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail'
  /** One line, without secrets. */
  readonly what: string
  readonly todo?: string
}

/** Where the server is that is looked at. */
export interface Site {
  /** What Twilio calls it; signatures are over this. */
  readonly publicUrl: string
  /** Origin where requests to it really go, when that is not where its name leads. */
  readonly connectTo: string | undefined
  /** `public`: it answers where Twilio would ask; `here`: on this machine only; `own`: none did, one was started. */
  readonly how: 'public' | 'here' | 'own'
  /** Why it does not answer at PUBLIC_URL, when it does not. */
  readonly problem: string | undefined
}

/** What checks work with. */
export interface Context {
  readonly config: Config
  readonly site: Site
  readonly plans: AgentPlans
  /** The one synthetic call, made when it is first asked for. */
  readonly call: () => Promise<CallReport>
  /** [ms since 1970] */
  readonly now: () => number
  /** How long the machine is measured [ms]. */
  readonly measureMs: number
}

/** One thing that is looked at. */
export interface Check {
  readonly name: string
  /** How long it may take [ms]. Default 10,000. */
  readonly deadlineMs?: number
  /** `signal` aborts at the deadline. What it throws is a failure of its own. */
  run(context: Context, signal: AbortSignal): Promise<Finding | readonly Finding[]>
}

export const ok = (what: string): Finding => ({ level: 'ok', what })
export const warn = (what: string, todo: string): Finding => ({ level: 'warn', what, todo })
export const fail = (what: string, todo: string): Finding => ({ level: 'fail', what, todo })
