import type { Problem, SessionInfo } from '../api.ts'

/** What the server answered instead. `status` 0: it did not answer at all. */
export class ApiError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
  }
}

/** How long the server may take [ms]; it answers from a local store, or across a region. */
const DEADLINE_MS = 20_000
/** A clock that differs by less is right: the header says full seconds. */
const SKEW_MS = 1500

const signedOutListeners = new Set<() => void>()
let skewMs = 0

/** The server's time [ms since 1970], as far as its answers tell. */
export function serverNow(): number {
  return Date.now() + skewMs
}

/** Calls `listener` when the server says that nobody is signed in any more; returns what ends that. */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener)
  return () => signedOutListeners.delete(listener)
}

/** The server, in JSON. Everything throws `ApiError`; an aborted `signal` throws its reason. */
export const api = {
  get: <T>(path: string, signal?: AbortSignal): Promise<T> =>
    ask<T>('GET', path, signal === undefined ? {} : { signal }),
  post: <T>(path: string, body: unknown): Promise<T> => ask<T>('POST', path, { body }),
  /** A `post` that arrives even when the page is closed meanwhile. */
  lastWord: (path: string, body: unknown): Promise<unknown> => ask<unknown>('POST', path, { body, keepalive: true }),
  /** Who is signed in; never leads to the sign-in by itself. */
  session: (): Promise<SessionInfo> => ask<SessionInfo>('GET', '/api/session'),
  signIn: (password: string): Promise<SessionInfo> => ask<SessionInfo>('POST', '/api/session', { body: { password } }),
  signOut: (): Promise<unknown> => ask<unknown>('DELETE', '/api/session'),
}

interface Asking {
  readonly body?: unknown
  readonly signal?: AbortSignal
  readonly keepalive?: boolean
}

async function ask<T>(method: string, path: string, { body, signal, keepalive = false }: Asking = {}): Promise<T> {
  const deadline = AbortSignal.timeout(DEADLINE_MS)
  let response: Response
  try {
    response = await fetch(path, {
      method,
      // No other site's form can send this header: with the cookie's SameSite it is what proves that the page asks.
      headers: { 'X-Offhook': '1', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      credentials: 'same-origin',
      keepalive,
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw new ApiError(0, error instanceof Error ? error.message : String(error))
  }
  const date = Date.parse(response.headers.get('Date') ?? '')
  if (!Number.isNaN(date)) skewMs = Math.abs(date - Date.now()) > SKEW_MS ? date - Date.now() : 0
  if (!response.ok) {
    if (response.status === 401 && path !== '/api/session') for (const listener of signedOutListeners) listener()
    throw new ApiError(response.status, await problemOf(response))
  }
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}

async function problemOf(response: Response): Promise<string> {
  try {
    const { error } = (await response.json()) as Partial<Problem>
    if (typeof error === 'string') return error
  } catch {
    // Not JSON: something between the page and the server answered.
  }
  return `${response.status} ${response.statusText}`
}
