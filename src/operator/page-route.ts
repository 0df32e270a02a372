import type { Request, RequestHandler, Response } from 'express'
import type { Access } from './access.ts'
import { codings, type PageFile, PageFiles } from './page-files.ts'

const NOT_BUILT =
  'Offhook is running. The page for operators is not built yet: run `npm run build`, and load this again.\n'

/**
 * The files of the page, for whoever may come in, or could by signing in: what they hold is no secret, and one has to see
 * a page to sign in. `protect` sets its headers. What is no file of ours is left to others.
 */
export function pageRoute(folder: string, access: Access, protect: RequestHandler): RequestHandler {
  const files = new PageFiles(folder)
  return async (request, response, next) => {
    const { method, path } = request
    const file = method === 'GET' || method === 'HEAD' ? await files.find(path) : undefined
    // Browsers ask for it by themselves, also where they are shown a sentence only.
    if (file === undefined && path === '/favicon.ico') {
      response.status(204).end()
      return
    }
    if (file === undefined && (path !== '/' || !['GET', 'HEAD'].includes(method))) {
      next()
      return
    }
    protect(request, response, (error?: unknown) => {
      const entry = access.enter(request)
      if (error !== undefined) next(error)
      else if (access.signIn !== 'password' && 'error' in entry) say(response, entry.status, `${entry.error}\n`)
      else if (file === undefined) say(response, 200, NOT_BUILT)
      else send(request, response, file)
    })
  }
}

function say(response: Response, status: number, sentence: string): void {
  response.setHeader('Cache-Control', 'no-store')
  response.status(status).type('text/plain').send(sentence)
}

/** A file whose name changes with its content is never asked for again; of the others it is asked whether they changed. */
function send(request: Request, response: Response, { type, etag, immutable, body, coded }: PageFile): void {
  // Asked one by one: browsers name them all, and the best last.
  const chosen = codings.find((coding) => request.acceptsEncodings(coding) === coding)
  const packed = chosen === undefined ? undefined : coded[chosen]
  response.setHeader('Content-Type', type)
  response.setHeader('Vary', 'Accept-Encoding')
  response.setHeader('ETag', `"${etag}${packed === undefined ? '' : `-${chosen}`}"`)
  response.setHeader('Cache-Control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
  if (packed !== undefined && chosen !== undefined) response.setHeader('Content-Encoding', chosen)
  response.send(packed ?? body)
}
