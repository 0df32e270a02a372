import { ApiError } from './api-client.ts'
import { t } from './i18n.ts'

/** Why something was not done: in the page's words, and the server's own sentence, which is English. */
export interface ProblemWords {
  readonly text: string
  readonly detail?: string
}

const KNOWN = {
  0: 'problem.unreachable',
  400: 'problem.asked',
  401: 'problem.signedOut',
  403: 'problem.forbidden',
  404: 'problem.gone',
  409: 'problem.conflict',
  429: 'problem.often',
  503: 'problem.store',
} as const

/** Says what went wrong, in the language of the page. */
export function problemWords(error: unknown): ProblemWords {
  if (!(error instanceof ApiError)) return { text: t('problem.unknown'), detail: String(error) }
  const known = Object.entries(KNOWN).find(([status]) => Number(status) === error.status)
  return { text: t(known?.[1] ?? 'problem.unknown'), detail: error.message }
}
