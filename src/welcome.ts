import type { Config } from './config.ts'
import type { Offhook } from './offhook.ts'
import { isLoopbackUrl } from './settings.ts'

/** What `npm start` prints: what it listens on, who answers, and what to try. */
export function welcome(config: Config, offhook: Offhook): string {
  const lines = [
    `Offhook answers calls on ${offhook.url}`,
    `  webhook   POST ${offhook.publicUrl}/twilio/voice`,
    `  agent     ${agentLine(config)}`,
    ...(config.agentsFile === undefined
      ? []
      : [`  numbers   ${config.agentsFile} gives some an agent of their own; kill -HUP ${process.pid} reads it again`]),
    ...(config.workers === 1 ? [] : [`  workers   ${config.workers} processes carry the calls`]),
    config.twilio.authTokens.length > 0
      ? '  callers   Twilio, with valid signatures only'
      : '  callers   THIS MACHINE ONLY: without TWILIO_AUTH_TOKEN no signature can be checked, so everybody else is refused',
    keptLine(config),
    config.fallbackNumber === undefined
      ? '  fallback  an apology, when no model can be had. Set FALLBACK_NUMBER to put callers through to a human.'
      : '  fallback  callers are put through to FALLBACK_NUMBER when no model can be had',
    pageLine(config, offhook),
    '',
    isClosed(config)
      ? 'Try it, in another terminal:'
      : 'Try it: open the page, and call the agent with its phone. Or, in another terminal:',
    '  npm run call -- fixtures/audio/hello.wav                          a call of its own, from start to end',
    `  npm run call -- fixtures/audio/hello.wav --url ${offhook.url}     a call to this server`,
    ...(config.agent.recording && config.agent.flightRecorder ? [] : [`  ${RECORD}`]),
    '',
  ]
  return `${lines.join('\n')}\n`
}

/** What is said of recording: without it there is nothing to hear of a call, and to replay. */
const RECORD = 'RECORDING=on FLIGHT_RECORDER=on npm start      keeps their sound too, and what `npm run replay` needs'

function keptLine({ dataDir, databaseUrl, retentionDays }: Config): string {
  if (dataDir === undefined && databaseUrl === undefined) {
    return '  kept      nowhere: a call is lost with this process. Set DATA_DIR, and it goes on in the next one.'
  }
  const where = databaseUrl === undefined ? dataDir : 'the PostgreSQL of DATABASE_URL'
  return `  kept      in ${where}, for ${retentionDays} days: a call goes on in another process when this one dies`
}

/** Nobody can be told from anybody, and the page is for nobody. */
function isClosed({ operator: { password, userHeader }, publicUrl }: Config): boolean {
  return password === undefined && userHeader === undefined && publicUrl !== undefined && !isLoopbackUrl(publicUrl)
}

function pageLine(config: Config, offhook: Offhook): string {
  const { password, userHeader } = config.operator
  if (isClosed(config)) return '  page      closed: set OPERATOR_PASSWORD to watch and hear calls'
  if (password !== undefined || userHeader !== undefined) {
    return `  page      ${offhook.publicUrl}/ for operators, ${password === undefined ? 'signed in by the proxy' : 'with OPERATOR_PASSWORD'}`
  }
  return `  page      ${offhook.url}/ watch, hear and replay every call, and call the agent; from this machine only`
}

function agentLine(config: Config): string {
  const [first, ...others] = config.providers
  if (first === undefined || first.name === 'local') {
    return 'the embedded offline demo agent (English, a restaurant’s front desk). Set DASHSCOPE_API_KEY for Qwen-Omni-Realtime.'
  }
  const second = others.map((provider) => `, then ${provider.name === 'local' ? 'the demo' : modelLine(provider)}`)
  return `${modelLine(first)}${second.join('')}`
}

function modelLine({ name, model, url }: Exclude<Config['providers'][number], { readonly name: 'local' }>): string {
  return `${name}: ${model} at ${url}`
}
