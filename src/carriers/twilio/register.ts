import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { CallInfo, Farewell } from '../../call/info.ts'
import type { StreamState } from './media-stream.ts'
import type { TokenFault } from './token.ts'

// What the two sides of the carrier know of each other. They may live in different processes: nothing here is per frame.
//
//   HTTP ─▶ Switchboard (tokens, outcomes, what comes next)        one, where the port is
//               ▲ │ Register: started, over    Line: lose
//               │ ▼
//   frames ◀▶ MediaDoor (handshake, streams, the calls' legs)      one in each process that carries calls

/** A stream says whose it is. */
export interface Claim {
  readonly callSid: string
  readonly token: string | undefined
}

/** What a stream is told: whose call it carries, or why it is refused (`no-answer`: nobody could say in time). */
export type Welcome = { readonly info: CallInfo } | { readonly fault: TokenFault | 'no-answer' }

/** How a stream that was let in came to its end. */
export interface Ending {
  readonly farewell: Farewell
  /** The caller's end has said `stop`; else Twilio will ask what comes next. */
  readonly byCaller: boolean
}

/** The switchboard, for those who carry media. */
export interface Register {
  /** Takes the token; it is good once, whichever process asks. Who was let in says `over` later, once. */
  started(claim: Claim, line: Line): Promise<Welcome>
  over(callSid: string, line: Line, ending: Ending): void
}

/** A stream that was let in, for the switchboard. */
export interface Line {
  /**
   * The stream is dead, whatever its socket says. Resolves with the state that it was in, after everything that it had
   * said of itself before; `undefined` when it cannot be asked any more.
   */
  lose(why: string): Promise<StreamState | undefined>
}

/** Where upgraded sockets go. Disposing closes them. */
export interface MediaSockets extends AsyncDisposable {
  /** A call is announced: whoever will carry it may get ready. Returns the path behind the media door's that it is to come by. */
  expect(info: CallInfo): string
  open(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

/** It names files and log records, so it is what it must be: letters and digits. */
export function isCallSid(text: string): boolean {
  return /^[A-Za-z0-9]{2,64}$/.test(text)
}
