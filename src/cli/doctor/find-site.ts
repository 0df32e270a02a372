import type { Config } from '../../config.ts'
import { ask, reasonOf } from './ask.ts'
import type { Site } from './check.ts'

const LOOK_MS = 5000

/**
 * Finds the server that is to be looked at.
 *
 * ```
 *   PUBLIC_URL answers ─▶ public      else this machine's PORT answers ─▶ here      else one is started ─▶ own
 * ```
 * @param startOwn starts one for this, where nobody else is; returns where it listens.
 */
export async function findSite(
  config: Pick<Config, 'publicUrl' | 'host' | 'port'>,
  startOwn: () => Promise<string>,
): Promise<Site> {
  const { publicUrl } = config
  const problem = publicUrl === undefined ? undefined : await problemAt(publicUrl)
  if (publicUrl !== undefined && problem === undefined) {
    return { publicUrl, connectTo: undefined, how: 'public', problem }
  }
  const here = originHere(config)
  if (config.port !== 0 && (await problemAt(here)) === undefined) {
    return { publicUrl: publicUrl ?? here, connectTo: here, how: 'here', problem }
  }
  const own = await startOwn()
  return { publicUrl: publicUrl ?? own, connectTo: own, how: 'own', problem }
}

function originHere({ host, port }: Pick<Config, 'host' | 'port'>): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

/** Why no Offhook answers there; `undefined`: one does. */
async function problemAt(url: string): Promise<string | undefined> {
  try {
    const { status, headers, body } = await ask(`${url}/healthz`, { signal: AbortSignal.timeout(LOOK_MS) })
    if (status >= 300 && status < 400) return `it redirects to ${placeOf(headers['location'])}`
    if (status === 200 && body.includes('"ok"')) return undefined
    if (status === 502 || status === 503 || status === 504) return `the proxy there has nobody behind it (${status})`
    return `something else answers there (${status} to /healthz)`
  } catch (error) {
    return reasonOf(error)
  }
}

function placeOf(location: string | string[] | undefined): string {
  return URL.parse(String(location))?.origin ?? 'another path'
}
