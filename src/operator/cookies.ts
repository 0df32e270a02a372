import type { IncomingMessage } from 'node:http'

/** What a cookie of a request says, cut to 200 characters. */
export function cookieIn({ headers: { cookie = '' } }: IncomingMessage, name: string): string | undefined {
  const ours = cookie.split(';').find((pair) => pair.trim().startsWith(`${name}=`))
  return ours?.split('=', 2)[1]?.trim().slice(0, 200)
}
