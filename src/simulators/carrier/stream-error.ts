/** What Twilio's error dictionary calls the codes that end a stream; a stream status callback carries it as `StreamError`. */
const NAMES: Readonly<Record<number, string>> = {
  31901: 'Stream - WebSocket - Connection Timeout',
  31902: 'Stream - WebSocket - Connection Refused',
  31903: 'Stream - WebSocket - Connection Broken Pipe',
  31904: 'Stream - WebSocket - Host Unreachable',
  31910: 'Stream - WebSocket - SSL Protocol Error',
  31920: 'Stream - WebSocket - Handshake Error',
  31921: 'Stream - WebSocket - Close Error',
  31922: 'Stream - WebSocket - URL Schema Not Supported',
  31923: 'Stream - WebSocket - Malformed URL',
  31924: 'Stream - Websocket - Protocol Error',
  31941: 'Stream - Invalid Track configuration',
}

/** The name of a code of the 319xx range. */
export function streamErrorName(code: number): string {
  return NAMES[code] ?? 'Stream - Unknown Error'
}

/** Twilio's code for an upgrade or connection that failed. */
export function handshakeErrorCode(error: Error): number {
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ECONNREFUSED') return 31902
  if (code === 'ETIMEDOUT') return 31901
  if (['EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'].includes(code)) return 31904
  if (/^ERR_(TLS|SSL)|CERT|EPROTO/.test(code)) return 31910
  return 31920
}
