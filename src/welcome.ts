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
    '',
    'Try it, in another terminal:',
    '  npm run call -- fixtures/audio/hello.wav                          a call of its own, from start to end',
    `  npm run call -- fixtures/audio/hello.wav --url ${offhook.url}     a call to this server`,
    '',
  ]
  return `${lines.join('\n')}\n`
}

function agentLine(config: Config): string {
  return config.provider.name === 'local'
    ? 'the embedded offline demo agent (English, a restaurant’s front desk). Set DASHSCOPE_API_KEY for Qwen-Omni-Realtime.'
    : `${config.provider.model} at ${config.provider.url}`
}
