import { type FormRequest, type FormRoute, type HttpReply, refuseUpgrade, type UpgradeRoute } from '../../base/http.ts'
import type { Logger } from '../../base/log.ts'
import { readAddress } from './address.ts'
import { makeDoorman } from './signature.ts'
import { isRareCount } from './socket.ts'
import { field, Switchboard, type SwitchboardOptions } from './switchboard.ts'
import { paths } from './twiml.ts'

export interface TwilioOptions extends SwitchboardOptions {
  /** Where Twilio reaches us: `https:`, or `http:` on loopback. */
  readonly publicUrl: string
  /** The one account whose calls are taken; without it, any that signs with our token. */
  readonly accountSid?: string | undefined
  /** Any of them may have signed. Empty: only this machine itself is let in. */
  readonly authTokens: readonly string[]
}

/** The doors that Twilio comes in by. Disposing closes every media socket. */
export interface TwilioCarrier extends AsyncDisposable {
  readonly routes: readonly FormRoute[]
  readonly upgrade: UpgradeRoute
  /** Resolves when Twilio has asked what comes next for every call that we ended, after `ms` at the latest. */
  settle(ms: number): Promise<void>
}

/**
 * Puts Twilio's calls through to `answer`.
 *
 * ```
 *   POST /twilio/voice ── TwiML with a token ──▶ GET /twilio/media, upgraded ──▶ start: token redeemed ──▶ answer(leg)
 *   POST /twilio/next ◀── the stream is over ──────────────────────────────────────── outcome ◀──────────────┘
 * ```
 * @throws RangeError when the public URL is none.
 */
export function makeTwilioCarrier(options: TwilioOptions): TwilioCarrier {
  const address = readAddress(options.publicUrl)
  const { authTokens, log } = options
  if (authTokens.length === 0) {
    log.warn('no auth token is set: calls are taken from this machine only, everything else is refused with 403')
  }
  const desk = new Switchboard(options, address)
  const doorman = makeDoorman(address, authTokens)
  let refused = 0
  const admits = (request: FormRequest) =>
    doorman.admitsForm(request) && [undefined, field(request.form, 'AccountSid')].includes(options.accountSid)
  const guard = (path: string, handle: (form: FormRequest['form'], callSid: string) => HttpReply) =>
    guardedRoute(path, admits, log, handle)
  return {
    routes: [
      guard(paths.voice, (form, callSid) => desk.announce(form, callSid)),
      guard(paths.next, (form, callSid) => desk.next(form, callSid)),
      guard(paths.streamStatus, (form, callSid) => desk.streamStatus(form, callSid)),
      guard(paths.callStatus, (form, callSid) => desk.callStatus(form, callSid)),
    ],
    upgrade: {
      path: paths.media,
      upgrade(request, socket, head) {
        const { url = '', headers } = request
        const { remoteAddress } = request.socket
        if (doorman.admitsUpgrade({ url, headers, remoteAddress })) {
          desk.open(request, socket, head)
          return
        }
        if (isRareCount(++refused))
          log.warn({ path: paths.media, refused }, 'a request was refused: no valid signature')
        refuseUpgrade(socket, 403)
      },
    },
    settle: (ms) => desk.settle(ms),
    [Symbol.asyncDispose]: () => desk.close(),
  }
}

function guardedRoute(
  path: string,
  admits: (request: FormRequest) => boolean,
  log: Logger,
  handle: (form: FormRequest['form'], callSid: string) => HttpReply,
): FormRoute {
  let refused = 0
  return {
    path,
    handle(request) {
      if (!admits(request)) {
        if (isRareCount(++refused))
          log.warn({ path, refused }, 'a request was refused: no valid signature, or another account')
        return { status: 403, type: 'text/plain', body: 'Forbidden' }
      }
      const callSid = field(request.form, 'CallSid')
      // It names files and log records, so it is what it must be: letters and digits.
      if (!/^[A-Za-z0-9]{2,64}$/.test(callSid)) return { status: 400, type: 'text/plain', body: 'CallSid expected' }
      return handle(request.form, callSid)
    },
  }
}
