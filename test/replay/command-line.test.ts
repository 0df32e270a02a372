import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { USAGE } from '../../src/cli/replay/options.ts'

const command = new URL('../../src/cli/replay.ts', import.meta.url).pathname
const directory = await mkdtemp(join(tmpdir(), 'replay-command-'))
afterAll(() => rm(directory, { recursive: true }))

/** What `npm run replay` says and how it exits, where there are no calls. */
function run(...args: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const how = { cwd: directory, timeout: 20_000, env: {} } as const
    execFile(process.execPath, [command, ...args], how, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    )
  })
}

describe('the command that replays a call', () => {
  it('says in one line that a call is not there, and how it is asked only to who asks wrongly', async () => {
    const [gone, wrong] = await Promise.all([run('CA-nobody', '--data', directory), run('CA1', '--colour')])
    const reason = `there is no flight record of "CA-nobody" in ${directory}; FLIGHT_RECORDER=on keeps them\n`
    expect(gone).toEqual({ code: 2, stdout: '', stderr: reason })
    expect([wrong.code, wrong.stderr.includes(USAGE)]).toEqual([2, true])
  })

  it('says in its help that no environment variable changes a recorded setting, and what does', () => {
    expect(USAGE).toMatch(/BARGE_IN=off\s+changes\s+nothing/)
    expect(USAGE).toMatch(/edit the call\.json/)
  })
})
