import { reasonOf } from './ask.ts'
import type { Check, Context, Finding } from './check.ts'
import { fail } from './check.ts'

const DEADLINE_MS = 10_000

/** A finding, and whose it is. */
export interface Told extends Finding {
  readonly check: string
}

/**
 * Runs checks one after the other: none is to disturb another's measurement, and no live call more than one call does.
 * Each is over at its deadline, whatever it does; one that fails by itself is a finding too.
 */
export async function runChecks(
  checks: readonly Check[],
  context: Context,
  tell: (told: Told) => void,
): Promise<readonly Told[]> {
  const all: Told[] = []
  for (const check of checks) {
    const hidden = secretsOf(context)
    for (const finding of await findingsOf(check, context)) {
      const told = { check: check.name, ...withoutSecrets(finding, hidden) }
      all.push(told)
      tell(told)
    }
  }
  return all
}

async function findingsOf(check: Check, context: Context): Promise<readonly Finding[]> {
  const { deadlineMs = DEADLINE_MS } = check
  const deadline = new AbortController()
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const error = new Error(`not done in ${deadlineMs / 1000} s`)
    deadline.abort(error)
    late.reject(error)
  }, deadlineMs)
  try {
    return [await Promise.race([check.run(context, deadline.signal), late.promise])].flat()
  } catch (error) {
    return [fail(`it could not be checked: ${reasonOf(error)}`, 'see the findings above; try again')]
  } finally {
    clearTimeout(timer)
  }
}

/** Whatever a check, a server or the system says: no key, token or password is shown. */
function withoutSecrets(finding: Finding, hidden: readonly string[]): Finding {
  const clean = (text: string) => hidden.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text)
  return { ...finding, what: clean(finding.what), ...(finding.todo !== undefined && { todo: clean(finding.todo) }) }
}

function secretsOf({ config }: Context): readonly string[] {
  const { twilio, providers, operator, afterCall, traces, databaseUrl, metricsToken } = config
  const keys = providers.flatMap((provider) => (provider.name === 'local' ? [] : [provider.apiKey]))
  const others = [operator.password, afterCall.analyst?.key, afterCall.webhook?.secret, traces?.headers]
  const secrets = [...twilio.authTokens, ...keys, ...others, databaseUrl, metricsToken]
  const texts = secrets.flatMap((secret) => (secret === undefined ? [] : [secret.reveal()]))
  return texts.flatMap((text) => [text, ...partsOf(text)]).filter((text) => text !== '')
}

/** What is secret in an address, and in `name=value,name=value`. */
function partsOf(text: string): readonly string[] {
  const password = URL.parse(text)?.password ?? ''
  return [password, decoded(password), ...[...text.matchAll(/=([^,]{8,})/g)].map(([, value = '']) => value)]
}

/** As it was before it became part of an address; a `%` that codes nothing is one. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
