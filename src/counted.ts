import type { Register } from './carriers/twilio/register.ts'
import type { Metrics } from './operator/metrics.ts'

/** The same register; strangers, and callers who come back, are counted, whichever process their stream came to. */
export function countedRegister(register: Register, metrics: Pick<Metrics, 'strangerRefused' | 'cameBack'>): Register {
  return {
    async started(claim, line) {
      const welcome = await register.started(claim, line)
      if ('fault' in welcome) metrics.strangerRefused(welcome.fault)
      else if (welcome.info.resumed !== undefined) metrics.cameBack(welcome.info.resumed.happened.type)
      return welcome
    },
    over: (callSid, line, ending) => register.over(callSid, line, ending),
  }
}
