import type { CallStatus, Tell } from './events.ts'
import { rfc2822 } from './parameters.ts'
import type { ActionUrl } from './twiml.ts'
import type { Form, WebhookClient } from './webhook.ts'
import { WebhookError } from './webhook.ts'

/** The steps of a call that a status callback can be asked for. */
export type CallProgress = 'initiated' | 'ringing' | 'answered' | 'completed'

/** A number's status callback. */
export interface StatusCallback {
  readonly url: string
  /** Default: only `completed`, as for a number that is called. */
  readonly events?: readonly CallProgress[]
  /** Twilio does not promise any order. `reversed`: `completed` comes first; `twice`: each comes again. */
  readonly order?: 'in-order' | 'reversed' | 'twice'
}

export interface CallbackOptions {
  readonly client: WebhookClient
  readonly tell: Tell
  /** Aborts what is under way: nobody waits for callbacks any more. */
  readonly signal: AbortSignal
  /** The call's own parameters as they are now. */
  readonly form: () => Form
  readonly status: StatusCallback | undefined
}

/** Sends what tells the server of the call and its streams, one at a time and beside the call itself. */
export class Callbacks {
  readonly #options: CallbackOptions
  #tail: Promise<void> = Promise.resolve()
  #sequence = 0
  readonly #late: Form[] = []

  constructor(options: CallbackOptions) {
    this.#options = options
  }

  /** Resolves when all that were sent so far have been answered, or have failed. */
  get settled(): Promise<void> {
    return this.#tail
  }

  /** Sends one callback; `event` is its name for the listener. */
  send(target: ActionUrl, event: string, form: Form): void {
    this.#tail = this.#tail.then(() => this.#post(target, event, form))
  }

  /** Reports a step of the call, when it was asked for. */
  progress(step: CallProgress, callStatus: CallStatus | 'initiated', durationMs?: number): void {
    const { status } = this.#options
    if (status === undefined || !(status.events ?? ['completed']).includes(step)) return
    const terminal = step === 'completed'
    const form: Form = {
      ...this.#options.form(),
      CallStatus: callStatus,
      Timestamp: rfc2822(new Date()),
      CallbackSource: 'call-progress-events',
      SequenceNumber: String(this.#sequence),
      ...(terminal && { CallDuration: String(Math.ceil((durationMs ?? 0) / 1000)) }),
      ...(callStatus === 'completed' && {
        Duration: String(Math.ceil((durationMs ?? 0) / 60_000)),
        SipResponseCode: '200',
      }),
    }
    this.#sequence += 1
    if (status.order === 'reversed' && !terminal) {
      this.#late.unshift(form)
      return
    }
    const due = terminal ? [form, ...this.#late] : [form]
    for (const each of status.order === 'twice' ? due.flatMap((one) => [one, one]) : due) {
      this.send({ url: status.url, method: 'POST' }, each['CallStatus'] ?? step, each)
    }
  }

  async #post(target: ActionUrl, event: string, form: Form): Promise<void> {
    const { client, signal, tell } = this.#options
    if (signal.aborted) return
    try {
      const { status, contentType } = await client.request(target.url, target.method, form, signal)
      tell({ type: 'callback-answered', event, status })
      const xml = contentType === 'text/xml' || contentType === 'application/xml'
      if (status === 204 || (status === 200 && xml)) return
      tell({
        type: 'warning',
        code: 15003,
        level: 'warning',
        message: `${event}: answered with ${status} ${contentType}`,
      })
    } catch (error) {
      if (signal.aborted) return
      const code = error instanceof WebhookError ? error.code : 11200
      tell({
        type: 'warning',
        code,
        level: 'warning',
        message: `${event}: ${error instanceof Error ? error.message : ''}`,
      })
    }
  }
}
