import type { ErrorRequestHandler, Response } from 'express'
import type { Logger } from '../base/log.ts'
import type { Problem } from './api.ts'

/** A request that is answered with a sentence instead of what it asked for. */
export class ProblemError extends Error {
  readonly status: number

  /** @param sentence for a human: it names the field, what was expected and what came. */
  constructor(status: number, sentence: string) {
    super(sentence)
    this.name = 'ProblemError'
    this.status = status
  }
}

/** Answers with a sentence for a human. */
export function answerProblem(response: Response, status: number, error: string): void {
  const problem: Problem = { error }
  response.status(status).json(problem)
}

/** Errors are for our log; who asked hears what was wrong with the request, or that it was not. */
export function problemHandler(log: Logger): ErrorRequestHandler {
  return (error: Error & { status?: unknown }, _request, response, next) => {
    if (response.headersSent) {
      // The answer cannot be taken back: it is cut off, so that nobody takes its half for the whole.
      response.destroy()
      return next
    }
    if (error instanceof ProblemError) answerProblem(response, error.status, error.message)
    else if (typeof error.status === 'number' && error.status >= 400 && error.status < 500) {
      answerProblem(response, error.status, requestProblems[error.status] ?? 'request: expected one that can be read')
    } else {
      log.error({ err: error }, 'a request of the page failed')
      answerProblem(response, 500, 'It failed on our side; the log says why.')
    }
    return next
  }
}

/** What body parsers and file senders complain of. */
const requestProblems: Readonly<Record<number, string>> = {
  400: 'body: expected well-formed JSON, or a form, got something else',
  404: 'There is no such thing.',
  413: 'body: expected a smaller one',
  415: 'content-type: expected one in UTF-8, without an encoding of its own',
  416: 'range: expected a part that the file has',
}

/** What the store says when it is asked; 400 with its own sentence when it cannot be asked that, 503 when it does not answer. */
export async function fromStore<T>(asked: Promise<T>, log: Logger): Promise<T> {
  try {
    return await asked
  } catch (error) {
    // It names the field itself.
    if (error instanceof RangeError) throw new ProblemError(400, error.message)
    log.warn({ err: error }, 'the store did not answer the page')
    throw new ProblemError(503, 'The store does not answer now; live calls go on. Try again in a moment.')
  }
}
