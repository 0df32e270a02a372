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
