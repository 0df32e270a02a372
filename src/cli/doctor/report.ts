import { DOCTOR_NUMBER } from '../../after-call/doctor-number.ts'
import type { Told } from './run.ts'

/** What `npm run doctor -- --help` prints. */
export const USAGE = `npm run doctor [-- --json]

Checks this deployment before it goes live, with the same settings as \`npm start\`: configuration, public URL, signature,
TwiML, a call through the media socket, the model, disk, database, clock, CPU, memory, the page, and who is told of calls.
It calls the server once, from and to ${DOCTOR_NUMBER}; when none runs here it starts one for the checks. That call is one
in the server's history, metrics and costs like any other, but it is not analysed, and no webhook tells of it. One line a
check:

  ok | warn | FAIL   what was found   what to do

  --json   the same as one JSON document
  --help

In a container, with the same settings and volume as the server:

  docker exec CONTAINER node src/cli/doctor.ts                                               one that runs
  docker run --rm --env-file .env -v offhook-data:/data offhook node src/cli/doctor.ts       before it does

The image has no recorded speech: there, whether the agent can be interrupted is not tried.

Exit: 0 when nothing failed, 1 when something did, 2 when it was not asked for rightly.
`

const marks = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const
const NAME_WIDTH = 12

/** One line: `FAIL  model        the key is refused  — what to do`. */
export function lineOf({ level, check, what, todo }: Told): string {
  const name = check.padEnd(NAME_WIDTH)
  return `${marks[level]}  ${name} ${what}${todo === undefined ? '' : `  — ${todo}`}`
}

/** How many of each there are, in one line. */
export function summaryOf(told: readonly Told[]): string {
  const count = (level: Told['level']) => told.filter((one) => one.level === level).length
  const failed = count('fail')
  const verdict =
    failed > 0 ? 'Not ready to go live.' : count('warn') > 0 ? 'Ready, with reservations.' : 'Ready to go live.'
  return `${verdict} ${count('ok')} ok, ${count('warn')} to look at, ${failed} failed.`
}

/** All of it, for another program. */
export function jsonOf(told: readonly Told[]): string {
  return `${JSON.stringify({ ready: told.every(({ level }) => level !== 'fail'), findings: told }, null, 2)}\n`
}
