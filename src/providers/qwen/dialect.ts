import type { Dialect } from '../realtime/dialect.ts'
import { qwenErrors } from './errors.ts'

/** How Qwen speaks the realtime protocol: the beta's names, with gaps. */
export const qwenDialect: Dialect = {
  errors: qwenErrors,
  toolCallsBy: 'arguments',
  truncates: false,
  keepsTurns: true,
  /** A bare create was answered in text alone, so the modalities are said every time. */
  responseCreate(instructions) {
    const modalities = ['text', 'audio']
    const response = instructions === undefined ? { modalities } : { modalities, instructions }
    return JSON.stringify({ type: 'response.create', response })
  },
  /** It takes no response id. */
  responseCancel: () => JSON.stringify({ type: 'response.cancel' }),
}
