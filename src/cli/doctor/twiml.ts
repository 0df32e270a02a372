import { type Check, fail, ok } from './check.ts'

/** By Twilio's code: what an operator is to do. */
const advice: Readonly<Record<number, string>> = {
  11200: 'the voice URL answered with an error: look at the server’s log',
  11205: 'the voice URL could not be connected to, or took more than 15 s',
  11215: 'redirects lead in a circle',
  11750: 'the answer is larger than 64 kB: it is not ours',
  12100: 'the answer is no XML: a proxy put its own page in its place',
  12200: 'the answer has what Twilio’s schema does not know',
  12300: 'the answer has another type than text/xml: a proxy put its own page in its place',
}

/** Whether the answer to a call is TwiML that Twilio carries out, with a stream in it. */
export const twimlCheck: Check = {
  name: 'twiml',
  deadlineMs: 45_000,
  async run({ call }) {
    const { webhook, notices, verbs, words } = await call()
    const [notice] = notices.filter(({ code }) => code < 31_000)
    if (notice !== undefined) {
      const { code, message } = notice
      return fail(`Twilio would say ${code}: ${message}`, advice[code] ?? 'look it up in Twilio’s error dictionary')
    }
    if (webhook === undefined) return fail('the voice URL did not answer', 'see what is said of the public URL')
    if (!verbs.includes('stream')) {
      const instead = words === '' ? verbs.join(', ') || 'nothing' : `“${words.slice(0, 120)}”`
      return fail(
        `the call got no stream, but ${instead}`,
        'the server is full, drains, or has no model: look at its log',
      )
    }
    return ok(`the voice URL answers with a stream, in ${Math.round(webhook.tookMs)} ms`)
  },
}
