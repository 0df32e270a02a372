import { parseArgs } from 'node:util'
import { UsageError } from '../options.ts'
import { CALLS_FOLDER } from './save-as-test.ts'

export interface ReplayOptions {
  /** A call's id, the path of a flight record, or a folder of a recorded call. */
  readonly call: string
  /** The data directory. */
  readonly data: string
  /** The recorded call that it becomes. */
  readonly save?: string
  /** Where recorded calls are. */
  readonly into: string
  readonly redact: boolean
  readonly verbose: boolean
}

/** What `npm run replay -- --help` prints. */
export const USAGE = `npm run replay -- <call> [options]

Runs a recorded call through today's code: the recorded caller and the recorded model, on a clock of its own. Prints what
goes differently now: what was cut, held and heard, tools, words, and when. Exit 0: nothing; 1: something; 2: not asked for
rightly. It runs with the settings that the call was recorded with: an environment variable such as BARGE_IN=off changes
nothing here. To try another one, save the call and edit the call.json of its folder (bargeIn, manners, greeting, tools, ...),
then replay that folder: what comes of the change is what differs.

  <call>          a call's id (FLIGHT_RECORDER=on has kept it), a .flight file, or a folder of fixtures/audio/calls
  --data <dir>    where calls are kept (default DATA_DIR, or data)
  --save <name>   makes it a test: fixtures/audio/calls/<name>, which npm test replays from now on
  --into <dir>    where that is made instead
  --redact        ... in which words, numbers and keys are replaced by others of the same length, and the sound of the
                  agent and of an operator by noise of the same loudness. THE CALLER'S VOICE STAYS IN IT: without it no
                  ear would hear what it heard.
  --verbose       prints everything that happens in the replay
  --help
`

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { data: text, save: text, into: text, redact: flag, verbose: flag, help: flag },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/**
 * Reads the command line of a replay. `help`: only the usage is wanted.
 * @param dataDir where calls are kept when nothing else is said.
 * @throws UsageError naming the option.
 */
export function readOptions(args: readonly string[], dataDir: string): ReplayOptions | 'help' {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  const [call, ...others] = positionals
  if (call === undefined || others.length > 0) throw new UsageError(`expected one call, got ${positionals.length}`)
  const { save, redact, verbose } = values
  if (save !== undefined && !NAME.test(save)) {
    throw new UsageError(`--save: expected a name such as caller-cuts-in, got ${JSON.stringify(save)}`)
  }
  if (redact && save === undefined) throw new UsageError('--redact: nothing is saved without --save')
  const { data = dataDir, into = CALLS_FOLDER } = values
  return { call, data, into, ...(save === undefined ? {} : { save }), redact, verbose }
}
