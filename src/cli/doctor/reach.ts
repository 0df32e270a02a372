import { ask, reasonOf } from './ask.ts'
import { type Check, type Finding, fail, ok, warn } from './check.ts'

/** Whether the server answers where Twilio asks, and takes calls. */
export const reachCheck: Check = {
  name: 'public url',
  async run({ config, site }, signal) {
    const found: Finding[] = []
    const { problem, how, publicUrl, connectTo } = site
    if (config.publicUrl === undefined) {
      found.push(warn('there is no PUBLIC_URL', 'set it to the https:// address that Twilio reaches'))
    } else if (problem !== undefined) {
      found.push(fail(`PUBLIC_URL does not lead here: ${problem}`, adviceFor(problem)))
    } else {
      found.push(ok(`${publicUrl} answers`))
    }
    if (how === 'own') {
      found.push(ok('no server runs here: one was started for these checks, on a port of its own'))
      return found
    }
    // The one that was asked: without PUBLIC_URL, or where that leads elsewhere, it is this machine's.
    const asked = connectTo ?? publicUrl
    try {
      const { status } = await ask(`${publicUrl}/readyz`, { connectTo, signal })
      if (status === 200) found.push(ok(`the server at ${asked} takes calls`))
      else
        found.push(
          fail(
            `the server at ${asked} takes no calls (${status} to /readyz)`,
            'it drains, or its model is down: look at its log',
          ),
        )
    } catch (error) {
      found.push(fail(`${asked}/readyz: ${reasonOf(error)}`, 'look at its log'))
    }
    return found
  },
}

function adviceFor(problem: string): string {
  if (problem.startsWith('it redirects'))
    return 'set PUBLIC_URL to where it leads: signatures are over what was asked first'
  if (problem.includes('nobody behind')) return 'start the server, or correct where the proxy leads'
  if (problem.includes('something else')) return 'let the proxy hand /healthz, /readyz and /twilio/ to this server'
  if (problem.includes('certificate')) return 'renew or complete the certificate: Twilio takes no other'
  if (problem.includes('DNS') || problem.includes('name')) return 'correct PUBLIC_URL, or its DNS record'
  return 'start the server; open its port in the firewall; from inside, the name may lead nowhere: try from outside'
}
