import { readTwiml } from '../../simulators/carrier/twiml.ts'
import { reasonOf } from './ask.ts'
import { type Check, fail, ok } from './check.ts'
import { askSigned, formOf } from './signed.ts'

/** Whether the server lets a call go: what comes next, when the caller has hung up. */
export const afterStreamCheck: Check = {
  name: 'end of call',
  deadlineMs: 45_000,
  async run(context, signal) {
    const { callSid, end } = await context.call()
    if (end.status !== 'completed') return fail(`the call ended as ${end.status}`, 'see what is said of the TwiML')
    try {
      const { status, body } = await askSigned(context, '/twilio/next', formOf(context, callSid), { signal })
      if (status !== 200) {
        return fail(
          `/twilio/next answers with ${status}`,
          'let the proxy hand all of /twilio/ to this server, as it is',
        )
      }
      const [verb] = readTwiml(body).verbs
      if (verb === undefined || verb.type === 'hangup') return ok('the call ends, and its caller is let go')
      return fail(`after the end of the call comes <${verb.type}>`, 'look for the call in the server’s log')
    } catch (error) {
      return fail(`/twilio/next: ${reasonOf(error)}`, 'let the proxy hand all of /twilio/ to this server, as it is')
    }
  },
}
