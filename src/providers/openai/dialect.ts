import type { Dialect } from '../realtime/dialect.ts'
import { openAiErrors } from './errors.ts'

/**
 * How OpenAI speaks the realtime protocol since it is generally available.
 * @param standing the instructions of the session: those of a single answer take their place there, and an agent that is
 *   asked to greet would forget who it is.
 */
export function openAiDialect(standing: string): Dialect {
  return {
    errors: openAiErrors,
    // Its arguments are said to be done also when the call was cut.
    toolCallsBy: 'item',
    truncates: true,
    // "This may fail to create a response if the model is already responding", says the page of `interrupt_response`.
    keepsTurns: false,
    responseCreate(instructions) {
      if (instructions === undefined) return JSON.stringify({ type: 'response.create' })
      const response = { instructions: `${standing}\n\n${instructions}`.trimStart() }
      return JSON.stringify({ type: 'response.create', response })
    },
    responseCancel: (response_id) => JSON.stringify({ type: 'response.cancel', response_id }),
  }
}
