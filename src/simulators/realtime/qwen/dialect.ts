import { readAsk } from '../client-event.ts'
import { readItem } from '../client-item.ts'
import { createdEcho, initialConfig, updatedEcho } from '../config.ts'
import type { Complaints, Dialect, Entrance, PrintedEvent, SpokenEvent } from '../dialect.ts'
import { familyOf } from '../family.ts'
import { arrearage, backendFailed } from '../faults.ts'
import { type Fields, fieldsOf } from '../fields.ts'
import { updateConfig } from '../update.ts'
import type { UpgradeRefusal } from '../upgrade.ts'
import { commonError, invalidRequest, invalidValue } from '../wire-error.ts'

const REFUSALS: Readonly<Record<number, readonly [code: string, message: string]>> = {
  401: ['InvalidApiKey', 'Invalid API-key provided.'],
  403: ['AccessDenied', 'Access denied.'],
  429: ['Throttling.RateQuota', 'Requests rate limit exceeded'],
  500: ['InternalError', 'An internal error has occurred.'],
  503: ['ServiceUnavailable', 'The service is unavailable.'],
}

const entrance: Entrance = {
  path: '/api-ws/v1/realtime',
  keyOf: ({ authorization }) => bearerOf(authorization),
  familyOf,
  noSuchPath: { status: 404, code: 'NotFound', message: 'No such path.' },
  noSuchModel: { status: 400, code: 'ModelNotFound', message: 'Model not exist.' },
  refusalOf(status): UpgradeRefusal {
    const [code, message] = REFUSALS[status] ?? ['Refused', 'Refused.']
    return { status, code, message }
  },
  bodyOf: ({ code, message }) => ({ code, message }),
}

/** The key of `Authorization: Bearer KEY`. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return authorization?.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : undefined
}

const complaints: Complaints = {
  notAnEvent: invalidRequest('The message is not a JSON event.'),
  notBase64: (param) => invalidValue(`Invalid value: '${param}' must be base64.`, param),
  unknownEvent: (type) => invalidRequest(`invalid event type: ${type}`),
  nothingToCancel: invalidRequest('Conversation has none active response'),
  activeResponse: () => invalidRequest('Conversation already has an active response'),
  createWhileSpeaking: {
    ...invalidRequest('Cannot create response while user is speaking.'),
    code: 'invalid_value',
    param: 'response.create',
  },
  commitUnderVad: invalidRequest('Internal service error: null'),
  emptyCommit: () => invalidRequest('Error committing input audio buffer, maybe no audio data.'),
  unknownCall: (id) => invalidRequest(`Unknown function call id: ${id}`),
  noSuchItem: (id, event) => invalidRequest(`Item to ${event} not found: ${id}`),
  notTruncatable: (id) => invalidRequest(`Item to truncate not found: ${id}`),
  shorterThan: (ofMs, wantedMs) => invalidRequest(`Audio content of ${ofMs}ms is already shorter than ${wantedMs}ms`),
  modelFailed: commonError('<50001> InternalError.Algo: the model failed to answer.'),
  eventFailed: commonError('<50000> InternalError: the event could not be handled.'),
  samples: {
    harmless: { do: 'note', error: invalidRequest('Conversation has none active response') },
    recoverable: backendFailed,
    fatal: arrearage,
  },
}

/** Qwen-Omni-Realtime. */
export const qwen: Dialect = {
  name: 'qwen',
  entrance,
  defaults: {
    speedFactor: 4,
    deltaMs: 200,
    createdDelayMs: 0,
    updatedDelayMs: 0,
    interruption: { lateDeltas: 1, doneStatus: 'cancelled', doneDelayMs: 0 },
    acceptCancel: true,
    heedVadFlags: true,
    nestedAudio: true,
    flatTools: false,
    bareCreateTextOnly: false,
    autoAnswerTools: false,
    itemWhileSpeaking: false,
    answerDelayMs: 0,
    busyTurn: 'wait',
    truncates: false,
    turnTakingMs: 0,
    itemAfterCreate: false,
    spacedArguments: true,
    sessionFinish: 'family',
    conversationCreated: false,
    rateLimits: 'never',
    semanticSilenceMs: 800,
    idleCloseMs: 180_000,
    sessionLimitMs: 7_200_000,
  },
  clientEvents: new Set([
    'session.update',
    'input_audio_buffer.append',
    'input_audio_buffer.commit',
    'input_audio_buffer.clear',
    'input_image_buffer.append',
    'response.create',
    'response.cancel',
    'conversation.item.create',
    'session.finish',
    'conversation.item.truncate',
  ]),
  complaints,
  initialConfig,
  createdEcho,
  updatedEcho,
  updateConfig,
  readAsk: (value, { bareCreateTextOnly }) => readAsk(value, bareCreateTextOnly),
  readItem: ({ item }, { textItems }) => readItem(item, textItems),
  makePrinter: () => print,
  stopsAfterMs: () => 0,
  leastCommitMs: 0,
  announcesIdlePrompt: false,
  cancelsById: false,
  rejectsTurns: true,
  failsAloud: true,
  sessionLimit: () => ({ do: 'close', code: 1007, reason: 'The session reached its maximum duration.' }),
}

/** The session's vocabulary is this service's; what others know beside it is left out. */
function print({ type, fields }: SpokenEvent): readonly PrintedEvent[] {
  if (type === 'response.done') {
    const { status_details: _details, ...response } =
      fieldsOf<'status_details'>((fields as Fields<'response'>).response) ?? {}
    return [{ type, fields: { response } }]
  }
  // The service's own sample of this event has no event_id.
  const bare = type === 'conversation.item.input_audio_transcription.failed'
  if (!bare) return [{ type, fields }]
  const { error, ...rest } = fields as Fields<'error'>
  const { type: _type, ...told } = fieldsOf<'type'>(error) ?? {}
  return [{ type, fields: { ...rest, error: told }, bare }]
}
