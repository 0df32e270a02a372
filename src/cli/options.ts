import { parseArgs } from 'node:util'

/** One thing the caller says. */
interface Line {
  readonly file: string
  /** It is said over the agent's next answer instead of after it. */
  readonly interrupts: boolean
}

export interface CallOptions {
  readonly lines: readonly Line[]
  /** A server that runs already; without it one is started for this call. */
  readonly url?: string
  readonly from?: string
  readonly to?: string
  readonly maxCallMs: number
  readonly maxSilenceMs: number
  readonly outDir: string
}

/** The command line asks for what there is not; `message` names the option. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

/** What `npm run call -- --help` prints. */
export const USAGE = `npm run call -- <wav> [<wav> …] [options]

Makes a telephone call: says each WAV in turn (any rate, first channel), waiting for the agent to finish before the next,
then hangs up. Writes out/<call>.wav (left: the caller, right: what the caller heard) and out/<call>.jsonl (its events).

  --interrupt <wav>   says this one over the agent's next answer, one second into it; order among the others counts
  --url <url>         calls the server that listens there, such as http://127.0.0.1:8080, instead of one of its own
  --from <number>     who calls     (default +14155550123)
  --to <number>       who is called (default +14155550199)
  --max-call <s>      hangs up after so many seconds        (default 180)
  --max-silence <s>   goes on when no answer came for so long (default 8)
  --out <folder>      where the recording goes (default out)
  --help

TWILIO_AUTH_TOKEN and PUBLIC_URL, when set, sign the call as Twilio would.
`

const NUMBER = /^(\+\d{3,15}|anonymous|unknown)$/

function seconds(name: string, text: string, most: number): number {
  const value = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0 || value > most) {
    throw new UsageError(`--${name}: expected seconds up to ${most}, got ${JSON.stringify(text)}`)
  }
  return value * 1000
}

function phone(name: string, text: string): string {
  if (!NUMBER.test(text))
    throw new UsageError(`--${name}: expected a number such as +14155550123, got ${JSON.stringify(text)}`)
  return text
}

function origin(text: string): string {
  const url = URL.parse(text)
  if (
    url === null ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.pathname !== '/' ||
    url.search + url.hash !== ''
  ) {
    throw new UsageError(`--url: expected an address such as http://127.0.0.1:8080, got ${JSON.stringify(text)}`)
  }
  return url.origin
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      tokens: true,
      options: {
        interrupt: { type: 'string', multiple: true },
        help: { type: 'boolean' },
        ...{ url: text, from: text, to: text, out: text, 'max-call': text, 'max-silence': text },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/**
 * Reads the command line of a call. `help`: only the usage is wanted.
 * @throws UsageError naming the option.
 */
export function readOptions(args: readonly string[]): CallOptions | 'help' {
  const { values, tokens } = parse(args)
  if (values.help) return 'help'
  const lines = tokens.flatMap((token): Line[] => {
    if (token.kind === 'positional') return [{ file: token.value, interrupts: false }]
    if (token.kind !== 'option' || token.name !== 'interrupt') return []
    return [{ file: token.value ?? '', interrupts: true }]
  })
  if (lines.length === 0) throw new UsageError('expected at least one WAV file to say')
  return {
    lines,
    ...(values.url !== undefined && { url: origin(values.url) }),
    ...(values.from !== undefined && { from: phone('from', values.from) }),
    ...(values.to !== undefined && { to: phone('to', values.to) }),
    maxCallMs: seconds('max-call', values['max-call'] ?? '180', 3600),
    maxSilenceMs: seconds('max-silence', values['max-silence'] ?? '8', 60),
    outDir: values.out ?? 'out',
  }
}
