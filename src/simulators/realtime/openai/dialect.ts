import type { Complaints, Dialect, Entrance } from '../dialect.ts'
import { bearerOf, qwen } from '../qwen/dialect.ts'
import type { UpgradeRefusal } from '../upgrade.ts'
import { invalidValue } from '../wire-error.ts'
import { gaError } from './checks.ts'
import { gaAsk, gaReadItem } from './client-events.ts'
import { gaEcho, gaInitialConfig } from './config.ts'
import { gptFamilyOf, gptRealtime } from './family.ts'
import { makeGaPrinter } from './printer.ts'
import { gaUpdateConfig } from './update.ts'

type Said = Readonly<Record<number, readonly [code: string, message: string]>>

const REFUSALS: Said = {
  401: ['invalid_api_key', 'Incorrect API key provided.'],
  403: ['unsupported_country_region_territory', 'Country, region, or territory not supported'],
  429: ['rate_limit_exceeded', 'Rate limit reached.'],
  500: ['server_error', 'The server had an error while processing your request.'],
  503: ['service_unavailable', 'The engine is currently overloaded, please try again later.'],
}

const AZURE_REFUSALS: Said = {
  401: ['401', 'Access denied due to invalid subscription key or wrong API endpoint.'],
  403: ['AccessDenied', 'Public access is disabled. Please configure private endpoint.'],
  429: ['429', 'Requests have exceeded the call rate limit of your current pricing tier.'],
  500: ['InternalServerError', 'The server had an error while processing your request.'],
  503: ['ServiceUnavailable', 'The service is temporarily unable to process your request.'],
}

function refusalIn(said: Said, status: number): UpgradeRefusal {
  const [code, message] = said[status] ?? ['refused', 'Refused.']
  return { status, code, message }
}

const entrance: Entrance = {
  path: '/v1/realtime',
  keyOf: ({ authorization }) => bearerOf(authorization),
  familyOf: gptFamilyOf,
  noSuchPath: { status: 404, code: 'unknown_url', message: 'Invalid URL' },
  noSuchModel: {
    status: 404,
    code: 'model_not_found',
    message: 'The model does not exist or you do not have access to it.',
  },
  refusalOf: (status) => refusalIn(REFUSALS, status),
  bodyOf: ({ status, code, message }) => ({
    error: { message, type: status >= 500 ? 'server_error' : 'invalid_request_error', param: null, code },
  }),
}

const azureEntrance: Entrance = {
  path: '/openai/v1/realtime',
  keyOf(headers) {
    const key = headers['api-key']
    return typeof key === 'string' ? key : undefined
  },
  // A deployment has the name that the customer gave it.
  familyOf: (model) => (model === '' ? undefined : gptRealtime),
  noSuchPath: { status: 404, code: '404', message: 'Resource not found' },
  noSuchModel: {
    status: 404,
    code: 'DeploymentNotFound',
    message: 'The API deployment for this resource does not exist.',
  },
  refusalOf: (status) => refusalIn(AZURE_REFUSALS, status),
  bodyOf: ({ code, message }) => ({ error: { code, message } }),
}

const serverError = {
  type: 'server_error',
  code: '',
  message: 'The server had an error while processing your request. Sorry about that!',
  param: '',
}

const complaints: Complaints = {
  notAnEvent: gaError('invalid_json', 'We could not parse the JSON body of your event.'),
  notBase64: (param) =>
    invalidValue(`Invalid '${param}'. Expected base64-encoded audio bytes (mono PCM16 at 24kHz), or G.711.`, param),
  unknownEvent: (type) => invalidValue(`Invalid value: '${type}'. It is no client event of the Realtime API.`, 'type'),
  nothingToCancel: gaError('response_cancel_not_active', 'Cancellation failed: no active response found'),
  activeResponse: (id) =>
    gaError(
      'conversation_already_has_active_response',
      `Conversation already has an active response in progress: ${id}. Wait until the response is finished before creating a new one.`,
    ),
  createWhileSpeaking: undefined,
  commitUnderVad: undefined,
  emptyCommit: (ms) =>
    gaError(
      'input_audio_buffer_commit_empty',
      `Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has ${ms.toFixed(2)}ms of audio.`,
    ),
  unknownCall: (id) =>
    gaError('invalid_tool_call_id', `Tool call ID '${id}' not found in conversation.`, 'item.call_id'),
  noSuchItem: (id, event) =>
    gaError(
      `item_${event}_invalid_item_id`,
      `Error with ${event}: the item with id '${id}' does not exist.`,
      'item_id',
    ),
  notTruncatable: () => invalidValue('Only model output audio messages can be truncated', 'item_id'),
  shorterThan: (ofMs, wantedMs) =>
    gaError('invalid_value', `Audio content of ${ofMs}ms is already shorter than ${wantedMs}ms`),
  modelFailed: serverError,
  eventFailed: serverError,
  samples: {
    harmless: {
      do: 'note',
      error: gaError('response_cancel_not_active', 'Cancellation failed: no active response found'),
    },
    recoverable: { do: 'error', error: serverError },
    fatal: {
      do: 'error',
      error: gaError('invalid_api_key', 'Incorrect API key provided.'),
      close: { code: 3000, reason: 'invalid_request_error.invalid_api_key' },
    },
  },
}

/** OpenAI Realtime, the GA interface. */
export const openai: Dialect = {
  name: 'openai',
  entrance,
  defaults: {
    ...qwen.defaults,
    busyTurn: 'drop',
    truncates: true,
    spacedArguments: false,
    conversationCreated: true,
    rateLimits: 'begin',
    semanticSilenceMs: 500,
    idleCloseMs: Infinity,
    sessionLimitMs: 3_600_000,
  },
  clientEvents: new Set([
    'session.update',
    'input_audio_buffer.append',
    'input_audio_buffer.commit',
    'input_audio_buffer.clear',
    'response.create',
    'response.cancel',
    'conversation.item.create',
    'conversation.item.retrieve',
    'conversation.item.delete',
    'conversation.item.truncate',
  ]),
  complaints,
  initialConfig: gaInitialConfig,
  createdEcho: gaEcho,
  updatedEcho: gaEcho,
  updateConfig: gaUpdateConfig,
  readAsk: gaAsk,
  readItem: (event, _family, items) => gaReadItem(event, items),
  makePrinter: makeGaPrinter,
  stopsAfterMs: ({ silence_duration_ms }) => silence_duration_ms,
  leastCommitMs: 100,
  announcesIdlePrompt: true,
  cancelsById: true,
  rejectsTurns: false,
  failsAloud: false,
  sessionLimit(limitMs) {
    const message = `Your session hit the maximum duration of ${Math.ceil(limitMs / 60_000)} minutes.`
    return { do: 'error', error: gaError('session_expired', message), close: { code: 1001, reason: message } }
  },
}

/** Azure OpenAI: the same wire behind another door. */
export const azure: Dialect = { ...openai, name: 'azure', entrance: azureEntrance }
