import type { FormRequest } from '../../base/http.ts'
import type { Asked } from './asked.ts'
import type { Numbers } from './twiml.ts'

/** What Twilio posts. */
export type Form = FormRequest['form']

/** `CallStatus` of a call that nobody is on any more. */
const endedStatuses: readonly string[] = ['completed', 'busy', 'failed', 'no-answer', 'canceled']

/** A form's field; the first when it was sent twice, empty when not at all, and never longer than is good for a log. */
export function field(form: Form, name: string): string {
  const value = Object.hasOwn(form, name) ? form[name] : undefined
  return ((Array.isArray(value) ? value[0] : value) ?? '').slice(0, 256)
}

/** Whether the carrier says that the call is over. */
export function isOver(form: Form): boolean {
  return endedStatuses.includes(field(form, 'CallStatus'))
}

/** How dialling a human went; empty: none was dialled. To who handed the question over it was told, to us it is not. */
export function dialledIn(form: Form, { dialled = '' }: Asked): string {
  return field(form, 'DialCallStatus') || dialled
}

export function numbersIn(form: Form): Numbers {
  return { from: field(form, 'From'), to: field(form, 'To') }
}
