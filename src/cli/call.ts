import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { makeLog } from '../base/log.ts'
import type { CallEvent } from '../call/events.ts'
import { type Config, ConfigError, readConfig } from '../config.ts'
import { startOffhook } from '../offhook.ts'
import { withoutSettings } from '../settings.ts'
import { type SimulatedCall, startSimulatedCall } from '../simulators/carrier/call.ts'
import type { PhoneEvent } from '../simulators/carrier/events.ts'
import { firstAudibleMs, frameLevels, measureTurn } from './measure.ts'
import { type CallOptions, readOptions, USAGE, UsageError } from './options.ts'
import { toLine, writeCall } from './recording.ts'
import { failuresOf, noticeLine, summary, type TurnReport, turnLines, wordsOf } from './report.ts'
import { politeManners, runScript, type Words } from './script.ts'

/** `npm run call`: exit 0 when the call went well, 1 when it failed, 2 when it was not asked for rightly. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') {
    process.stdout.write(USAGE)
    return 0
  }
  if (existsSync('.env')) process.loadEnvFile()
  const config = readConfig(process.env)
  const script = await Promise.all(options.lines.map(readLine))
  const events: CallEvent[] = []
  await using scope = new AsyncDisposableStack()
  // Of a call to a running server only what is at the phone is known.
  const server = options.url === undefined ? await startServer(config, scope, events) : remote(config, options.url)
  // Timers of ours let the process end; while the line is silent there may be nothing else.
  const awake = setInterval(() => undefined, 60_000)
  scope.defer(() => clearInterval(awake))
  const call = scope.use(startSimulatedCall(callOptions(config, options, server)))
  const hangUp = () => call.hangUp()
  process.once('SIGINT', hangUp)
  return await converse(call, script, options, options.url === undefined ? events : undefined)
}

interface Server {
  readonly url: string
  readonly publicUrl: string
}

/** The real server, in this process, on a port of its own. */
async function startServer(config: Config, scope: AsyncDisposableStack, events: CallEvent[]): Promise<Server> {
  const log = makeLog(process.env['LOG_LEVEL'] === undefined ? 'error' : config.logLevel)
  const onCallEvent = (_: string, event: CallEvent) => void events.push(event)
  const options = { log, onCallEvent, env: withoutSettings(process.env) }
  // Its one call is nobody's to remember, and not turned away because this machine is busy.
  const limits = { ...config.limits, maxLagMs: Number.POSITIVE_INFINITY }
  const own = { ...config, limits, host: '127.0.0.1', port: 0, dataDir: undefined }
  return scope.use(await startOffhook(own, options))
}

function remote(config: Config, url: string): Server {
  return { url, publicUrl: config.publicUrl ?? url }
}

function callOptions(config: Config, options: CallOptions, server: Server) {
  const { accountSid, authTokens } = config.twilio
  const [authToken] = authTokens
  return {
    webhookUrl: `${server.publicUrl}/twilio/voice`,
    statusCallback: { url: `${server.publicUrl}/twilio/call-status` },
    connectTo: server.url,
    maxCallMs: options.maxCallMs,
    ...(accountSid !== undefined && { accountSid }),
    ...(authToken !== undefined && { authToken: authToken.reveal() }),
    ...(options.from !== undefined && { from: options.from }),
    ...(options.to !== undefined && { to: options.to }),
  }
}

async function readLine({ file, interrupts }: CallOptions['lines'][number]): Promise<Words> {
  try {
    return { audio: toLine(await readFile(file)), interrupts }
  } catch (error) {
    throw new UsageError(`${file}: ${error instanceof Error ? error.message : error}`)
  }
}

/** Holds the conversation, printing as it goes; `events` are the call's own, when the server is ours. */
async function converse(
  call: SimulatedCall,
  script: readonly Words[],
  options: CallOptions,
  events: readonly CallEvent[] | undefined,
): Promise<number> {
  const print = (line: string | undefined) => line !== undefined && process.stdout.write(`${line}\n`)
  const seen: PhoneEvent[] = []
  let heardMs = 0
  call.listen((event) => {
    if (event.type === 'audio-heard') heardMs += 20
    else seen.push(withoutParameters(event))
    print(noticeLine(event))
  })
  const turns: TurnReport[] = []
  let told = 0
  await runScript(script, {
    call,
    clock: systemClock,
    manners: { ...politeManners, answerMs: options.maxSilenceMs },
    turn(index, said, overMs) {
      const { caller, heard } = call.recording()
      const file = options.lines[index]?.file
      const measure =
        index < 0 ? greetingMeasure(heard) : measureTurn(frameLevels(caller), frameLevels(heard), said, overMs)
      const words = wordsOf(events?.slice(told) ?? [])
      told = events?.length ?? 0
      const turn = { number: index + 1, ...(file !== undefined && { file: basename(file) }), ...words, ...measure }
      turns.push(turn)
      print(turnLines(turn))
    },
  })
  const end = await call.ended
  const { wav, jsonl } = await writeCall(options.outDir, call.callSid, call.recording(), events ?? seen)
  print(`\n${summary(turns, end)}\n${wav}\n${jsonl}`)
  const unsaid = script.length - turns.filter(({ number }) => number > 0).length
  const failures = failuresOf({ end, seen, events: events ?? [], unsaid, heardMs })
  for (const failure of failures) print(`FAILED: ${failure}`)
  return failures.length === 0 ? 0 : 1
}

/** A stream's parameters let a caller in: they are not written down. */
function withoutParameters(event: PhoneEvent): PhoneEvent {
  if (event.type !== 'verb' || event.verb.type !== 'stream') return event
  return { ...event, verb: { ...event.verb, parameters: {} } }
}

/** The greeting's delay counts from the answer of the line. */
function greetingMeasure(heard: Uint8Array) {
  const latencyMs = firstAudibleMs(frameLevels(heard), 0)
  return latencyMs === undefined ? {} : { latencyMs }
}

try {
  process.exitCode = await main()
} catch (error) {
  const known = error instanceof UsageError || error instanceof ConfigError
  process.stderr.write(`${error instanceof Error ? (known ? error.message : error.stack) : error}\n`)
  if (error instanceof UsageError) process.stderr.write(`\n${USAGE}`)
  process.exitCode = known ? 2 : 1
}
