import { validateHeaderName, validateHeaderValue } from 'node:http'
import { z } from 'zod'

/** Headers that say how the bytes travel: they are the connection's, not the operator's. */
const ownHeaders = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'accept-encoding', 'upgrade'])

/** Headers that an operator wants to be sent with each request, such as a key. */
export const operatorHeaders = z
  .record(z.string(), z.string())
  .default({})
  .superRefine((all, context) => {
    for (const [name, value] of Object.entries(all)) {
      if (!isHeader(name, value)) {
        context.addIssue({ code: 'custom', path: [name], message: 'cannot be sent as a header' })
      }
    }
  })

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return !ownHeaders.has(name.toLowerCase())
  } catch {
    return false
  }
}
