import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FormRequest, HttpReply } from '../base/http.ts'

/** What the page's telephone speaks with: the carrier's webhooks and its media socket. Who asks has been let in already. */
export interface PhoneDoor {
  /** A call begins, or one that was held asks again. Answers TwiML. `From` of the form is who was let in. */
  voice(form: FormRequest['form']): Promise<HttpReply>
  /**
   * What comes after a stream, or after a human was dialled.
   * @param url path and query as requested.
   */
  next(url: string, form: FormRequest['form']): Promise<HttpReply>
  /** The media socket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}
