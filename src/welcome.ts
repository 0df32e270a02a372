import type { Config } from './config.ts'
import type { Offhook } from './offhook.ts'

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
    config.dataDir === undefined
      ? '  kept      nowhere: a call is lost with this process. Set DATA_DIR, and it goes on in the next one.'
      : `  kept      in ${config.dataDir}, for ${config.retentionDays} days: a call goes on in another process when this one dies`,
    config.fallbackNumber === undefined
      ? '  fallback  an apology, when no model can be had. Set FALLBACK_NUMBER to put callers through to a human.'
      : '  fallback  callers are put through to FALLBACK_NUMBER when no model can be had',
    '',
    'Try it, in another terminal:',
    '  npm run call -- fixtures/audio/hello.wav                          a call of its own, from start to end',
    `  npm run call -- fixtures/audio/hello.wav --url ${offhook.url}     a call to this server`,
    '',
  ]
  return `${lines.join('\n')}\n`
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
