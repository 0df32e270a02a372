import { describe, expect, test } from 'vitest'
import { CallError } from '../../../src/base/errors.ts'
import { qwenErrors as table } from '../../../src/providers/qwen/errors.ts'
import {
  cleanText,
  closeError,
  errorOf,
  judgeError,
  socketError,
  upgradeError,
} from '../../../src/providers/realtime/errors.ts'

const judge = (message: string, type = 'invalid_request_error', code = '') => judgeError(table, { type, code, message })

describe('each error the model is known to send has one outcome', () => {
  test.each([
    ['Conversation has none active response', 'swallow', 'provider-protocol'],
    ['There is no active response to cancel', 'swallow', 'provider-protocol'],
    ['Conversation already has an active response', 'retry-create', 'provider-protocol'],
    ['Cannot create response while user is speaking.', 'create-later', 'provider-protocol'],
    ['Input speech was not accepted by semantic turn detection', 'no-turn', 'provider-protocol'],
    ["Invalid modalities: ['audio']. Supported combinations are: ['text']", 'keep', 'provider-config'],
    ['Error append image before append audio.', 'keep', 'provider-protocol'],
    ['Internal service error: null', 'keep', 'provider-protocol'],
    ["Voice 'Cherry' is not supported", 'end', 'provider-config'],
    ['Agent mode does not support tools', 'end', 'provider-config'],
    ['Unknown function call id: call_1', 'keep', 'provider-protocol'],
    ['invalid event type', 'keep', 'provider-protocol'],
    ['Your session was closed because no response was generated for 180 seconds.', 'end', 'provider-lost'],
    ['Your session was closed because no response was generated for 300 seconds.', 'end', 'provider-lost'],
    ['Access denied, please make sure your account is in good standing.', 'end', 'provider-refused'],
    ['Arrearage', 'end', 'provider-refused'],
    ['The free tier of the model has been exhausted.', 'end', 'provider-refused'],
    ['<403> InternalError.Algo.InvalidParameter: Model.AccessDenied', 'end', 'provider-refused'],
    ['<400> InternalError.Algo.InvalidParameter: top_k', 'end', 'provider-config'],
    ['<50002> InternalError.Algo.ModelServingError: x', 'end', 'provider-lost'],
    ["'NoneType' object does not support item deletion", 'slow-down', 'provider-busy'],
    ['Requests rate limit exceeded', 'back-off', 'provider-busy'],
    ['Allocated quota exceeded', 'back-off', 'provider-busy'],
    ['Request rate increased too quickly', 'back-off', 'provider-busy'],
    ['Response timeout', 'end', 'provider-lost'],
    ['Invalid API-key provided.', 'end', 'provider-refused'],
  ])('%s', (message, outcome, code) => {
    expect(judge(message)).toMatchObject({ outcome, code })
  })
})

test('an error nobody has seen ends the session only when it is the server that failed', () => {
  expect(judge('new')).toMatchObject({ outcome: 'keep', code: 'provider-config' })
  expect(judge('new', 'server_error')).toMatchObject({ outcome: 'end', code: 'provider-lost' })
  expect(judge('', '')).toMatchObject({ outcome: 'keep', code: 'provider-protocol' })
  expect(judge('', '', 'AllocationQuota.FreeTierOnly')).toMatchObject({ outcome: 'end', code: 'provider-refused' })
})

describe('a close is explained', () => {
  test.each([
    [1000, 'provider-lost'],
    [1001, 'provider-lost'],
    [1002, 'provider-protocol'],
    [1003, 'provider-protocol'],
    [1006, 'provider-lost'],
    [1007, 'provider-lost'],
    [1008, 'provider-refused'],
    [1009, 'provider-protocol'],
    [1011, 'provider-lost'],
    [1012, 'provider-lost'],
    [1013, 'provider-lost'],
    [1014, 'provider-lost'],
  ])('by its code %i when there is nothing else', (code, expected) => {
    expect(closeError(table, code, '', undefined).code).toBe(expected)
  })

  test('by its reason first, then by the error before it', () => {
    const busy = new CallError('provider-busy', 'the model said: busy')
    expect(closeError(table, 1011, 'Response timeout', busy).code).toBe('provider-lost')
    expect(closeError(table, 1008, '', busy)).toMatchObject({ code: 'provider-busy', cause: busy })
  })
})

test('an upgrade that is refused says whether trying again helps', () => {
  const codes = [301, 400, 401, 403, 404, 408, 418, 429, 500, 502, 503, 504].map((status) => upgradeError(status).code)
  expect(codes).toEqual([
    'provider-config',
    'provider-config',
    'provider-refused',
    'provider-refused',
    'provider-config',
    'provider-timeout',
    'provider-config',
    'provider-busy',
    'provider-lost',
    'provider-lost',
    'provider-lost',
    'provider-lost',
  ])
})

test('a socket that never opened says why, by its error code', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:443'), { code: 'ECONNREFUSED' })
  expect(socketError(refused)).toMatchObject({
    code: 'provider-lost',
    message: expect.stringMatching(/: ECONNREFUSED$/),
  })
  expect(socketError(new Error('Opening handshake has timed out')).code).toBe('provider-timeout')
  expect(socketError(Object.assign(new Error('x'), { code: 'ETIMEDOUT' })).code).toBe('provider-timeout')
  expect(socketError(new Error('odd\nthing')).message).toContain('odd thing')
})

test("the model's words go into a log as one bounded line without keys", () => {
  expect(cleanText('bad\n\tkey sk-abc123DEF456 \u0007 and Bearer abcd.efgh')).toBe('bad key [key] and [key]')
  expect(cleanText('x'.repeat(1000))).toHaveLength(300)
  const error = { type: 'server_error', code: '', message: 'Incorrect API key provided: sk-abcdefgh' }
  expect(errorOf(error, judgeError(table, error)).message).toBe(
    'the model said: server_error: Incorrect API key provided: [key]',
  )
})

test.each([
  [1007, 'Your session was closed because no response was generated for 180 seconds.', 'provider-lost'],
  [1007, 'Access denied, please make sure your account is in good standing.', 'provider-refused'],
  [1007, 'The free tier of the model has been exhausted. (AllocationQuota.FreeTierOnly)', 'provider-refused'],
  [1007, "Voice 'Cherry' is not supported", 'provider-config'],
  [1007, '<400> InternalError.Algo.InvalidParameter: top_k', 'provider-config'],
  [1007, 'Requests rate limit exceeded', 'provider-busy'],
  [1000, 'bye', 'provider-lost'],
  [1001, 'Session reached its limit.', 'provider-lost'],
  [1011, '<50002> InternalError.Algo.ModelServingError: x', 'provider-lost'],
])('a close by %i "%s" says whether trying again helps', (code, reason, expected) => {
  expect(closeError(table, code, reason, undefined).code).toBe(expected)
})
