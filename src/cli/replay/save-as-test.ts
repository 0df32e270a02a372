import { execFile } from 'node:child_process'
import { join, relative, resolve } from 'node:path'

/** A call of minutes is replayed in seconds. */
const DEADLINE_MS = 60_000
const HOUSE = join(import.meta.dirname, '..', '..', '..')

/** Where recorded calls are, a folder a call: `npm test` replays all that is there. */
export const CALLS_FOLDER = join(HOUSE, 'fixtures', 'audio', 'calls')

export interface SaveAsTest {
  /** The data directory. */
  readonly directory: string
  readonly callId: string
  readonly name: string
  readonly redact: boolean
  /** Where it is made; default: with the others. */
  readonly into?: string
}

/**
 * Makes a kept call a test, in a process of its own: replaying keeps one busy for a second.
 * @returns where it lies, from the house's own folder.
 * @throws Error that says in one line why it cannot be done; 60 s is the longest that it may take.
 */
export function saveAsTest({
  directory,
  callId,
  name,
  redact,
  into = CALLS_FOLDER,
}: SaveAsTest): Promise<{ readonly folder: string }> {
  const options = ['--data', resolve(directory), '--into', into, '--save', name, ...(redact ? ['--redact'] : [])]
  const settled = Promise.withResolvers<{ readonly folder: string }>()
  const args = [join(HOUSE, 'src', 'cli', 'replay.ts'), ...options, '--', callId]
  const how = { cwd: HOUSE, timeout: DEADLINE_MS, killSignal: 'SIGKILL', maxBuffer: 1 << 22, env: {} } as const
  execFile(process.execPath, args, how, (error, stdout, stderr) => {
    // A call that goes differently today makes a test all the same.
    if (/^saved: /m.test(stdout)) settled.resolve({ folder: relative(HOUSE, join(into, name)) })
    else if (error?.killed === true) settled.reject(new Error('it took too long'))
    else settled.reject(new Error(stderr.split('\n')[0] || 'the call cannot be saved'))
  })
  return settled.promise
}
