import { type FormRequest, type FormRoute, type HttpReply, refuseUpgrade, type UpgradeRoute } from '../../base/http.ts'
import type { Logger } from '../../base/log.ts'
import { readAddress } from './address.ts'
import { paths, readAsked, waitedIn } from './asked.ts'
import { field } from './form.ts'
import { isCallSid, type MediaSockets } from './register.ts'
import { makeDoorman } from './signature.ts'
import { isRareCount } from './socket.ts'
import type { Switchboard } from './switchboard.ts'
import type { Road } from './switchboard-options.ts'

export interface TwilioOptions {
  readonly switchboard: Switchboard
  /** Takes the media sockets of this switchboard's calls, in this process or in others. */
  readonly media: MediaSockets
  readonly log: Logger
  /** Where Twilio reaches us: `https:`, or `http:` on loopback. */
  readonly publicUrl: string
  /** The one account whose calls are taken; without it, any that signs with our token. */
  readonly accountSid?: string | undefined
  /** Any of them may have signed. Empty: only this machine itself is let in. */
  readonly authTokens: readonly string[]
  /** Somebody was refused at a door, by its path. */
  readonly onRefused?: (path: string) => void
}

/** The doors that Twilio comes in by. Disposing takes no more calls, and disposes of the media sockets. */
export interface TwilioCarrier extends AsyncDisposable {
  readonly routes: readonly FormRoute[]
  readonly upgrade: UpgradeRoute
}

/**
 * Puts Twilio's calls through to where media is taken.
 *
 * ```
 *   POST /twilio/voice ── TwiML with a token ──▶ GET /twilio/media, upgraded ──▶ media: start, token redeemed, answered
 *        └─ media: expect, and the model is opened meanwhile
 *   POST /twilio/next ◀── the stream is over ──────────────────────────────────────── outcome ◀──────────────┘
 * ```
 * @throws RangeError when the public URL is none.
 */
export function makeTwilioCarrier(options: TwilioOptions): TwilioCarrier {
  const address = readAddress(options.publicUrl)
  const { authTokens, log, switchboard, media, onRefused = () => {} } = options
  if (authTokens.length === 0) {
    log.warn('no auth token is set: calls are taken from this machine only, everything else is refused with 403')
  }
  const doorman = makeDoorman(address, authTokens)
  const road: Road = { address, expect: (info) => media.expect(info) }
  const refuse = countRefusals(log, onRefused)
  const admits = (request: FormRequest) =>
    doorman.admitsForm(request) && [undefined, field(request.form, 'AccountSid')].includes(options.accountSid)
  const guard = (path: string, handle: Handler) => guardedRoute(path, admits, refuse, handle)
  return {
    routes: [
      guard(paths.voice, ({ form, url }, callSid) => switchboard.announce(form, callSid, waitedIn(url), road)),
      guard(paths.next, ({ form, url }, callSid) => switchboard.next(form, callSid, readAsked(url), road)),
      guard(paths.streamStatus, ({ form }, callSid) => noteStream(form, callSid, log)),
      guard(paths.callStatus, ({ form }, callSid) => switchboard.callStatus(form, callSid)),
    ],
    upgrade: {
      path: paths.media,
      upgrade(request, socket, head) {
        const { url = '', headers } = request
        const { remoteAddress } = request.socket
        if (doorman.admitsUpgrade({ url, headers, remoteAddress })) {
          media.open(request, socket, head)
          return
        }
        refuse(paths.media)
        refuseUpgrade(socket, 403)
      },
    },
    async [Symbol.asyncDispose]() {
      switchboard[Symbol.dispose]()
      await media[Symbol.asyncDispose]()
    },
  }
}

/** What Twilio says of a stream decides nothing: the socket, and what comes next, do. */
function noteStream(form: FormRequest['form'], callSid: string, log: Logger): HttpReply {
  const event = field(form, 'StreamEvent')
  const fields = { callId: callSid, event, error: field(form, 'StreamError') || undefined }
  if (event === 'stream-error') log.warn(fields, 'stream status')
  else log.info(fields, 'stream status')
  return { status: 204 }
}

/** Each is told of; of many at one door only some are logged. */
function countRefusals(log: Logger, onRefused: (path: string) => void): (path: string) => void {
  const counts = new Map<string, number>()
  return (path) => {
    const refused = (counts.get(path) ?? 0) + 1
    counts.set(path, refused)
    onRefused(path)
    if (isRareCount(refused))
      log.warn({ path, refused }, 'a request was refused: no valid signature, or another account')
  }
}

type Handler = (request: FormRequest, callSid: string) => HttpReply | Promise<HttpReply>

function guardedRoute(
  path: string,
  admits: (request: FormRequest) => boolean,
  refuse: (path: string) => void,
  handle: Handler,
): FormRoute {
  return {
    path,
    handle(request) {
      if (!admits(request)) {
        refuse(path)
        return { status: 403, type: 'text/plain', body: 'Forbidden' }
      }
      const callSid = field(request.form, 'CallSid')
      if (!isCallSid(callSid)) return { status: 400, type: 'text/plain', body: 'CallSid expected' }
      return handle(request, callSid)
    },
  }
}
