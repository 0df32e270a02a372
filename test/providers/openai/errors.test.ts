import { describe, expect, test } from 'vitest'
import { openAiErrors } from '../../../src/providers/openai/errors.ts'
import { closeError, errorOf, judgeError } from '../../../src/providers/realtime/errors.ts'

const judge = (code: string, message: string, type = 'invalid_request_error') =>
  judgeError(openAiErrors, { type, code, message })

describe('each error the model is known to send has one outcome', () => {
  test.each([
    ['response_cancel_not_active', 'Cancellation failed: no active response found', 'swallow', 'provider-protocol'],
    [
      'conversation_already_has_active_response',
      'Conversation already has an active response in progress: r. Wait until the response is finished before creating a new one.',
      'retry-create',
      'provider-protocol',
    ],
    ['', 'Conversation already has an active response', 'retry-create', 'provider-protocol'],
    [
      'input_audio_buffer_commit_empty',
      'Error committing input audio buffer: buffer too small.',
      'no-turn',
      'provider-protocol',
    ],
    ['session_expired', 'Your session hit the maximum duration of 60 minutes.', 'end', 'provider-lost'],
    [
      'insufficient_quota',
      'You exceeded your current quota, please check your plan and billing details.',
      'end',
      'provider-refused',
    ],
    ['invalid_api_key', 'Incorrect API key provided.', 'end', 'provider-refused'],
    ['unsupported_country_region_territory', 'Country, region, or territory not supported', 'end', 'provider-refused'],
    ['model_not_found', 'The model `x` does not exist or you do not have access to it.', 'end', 'provider-refused'],
    ['DeploymentNotFound', 'The API deployment for this resource does not exist.', 'end', 'provider-refused'],
    [
      'rate_limit_exceeded',
      'Rate limit reached for gpt-realtime. See https://platform.openai.com/account/billing.',
      'back-off',
      'provider-busy',
    ],
    ['429', 'Requests have exceeded the call rate limit of your current pricing tier.', 'back-off', 'provider-busy'],
    ['service_unavailable', 'The engine is currently overloaded, please try again later.', 'end', 'provider-busy'],
    ['invalid_value', "Invalid value: 'Tina'. Supported values are: 'alloy', 'ash'.", 'keep', 'provider-config'],
    ['unknown_parameter', "Unknown parameter: 'session.voice'.", 'keep', 'provider-config'],
    ['invalid_value', 'Audio content of 300ms is already shorter than 400ms', 'keep', 'provider-protocol'],
    ['invalid_tool_call_id', "Tool call ID 'c' not found in conversation.", 'keep', 'provider-protocol'],
  ])('%s: %s', (code, message, outcome, expected) => {
    expect(judge(code, message)).toMatchObject({ outcome, code: expected })
  })
})

test("a server's own failure ends the session, and a new one may do better", () => {
  const message = 'The server had an error while processing your request. Sorry about that!'
  expect(judge('', message, 'server_error')).toMatchObject({ outcome: 'end', code: 'provider-lost' })
  expect(judge('', 'Something new.', 'server_error')).toMatchObject({ outcome: 'end', code: 'provider-lost' })
})

test.each([
  [1001, 'Your session hit the maximum duration of 60 minutes.', 'provider-lost'],
  [1000, '', 'provider-lost'],
  [1006, '', 'provider-lost'],
  [1011, 'keepalive ping timeout', 'provider-lost'],
  [3000, 'invalid_request_error.invalid_api_key', 'provider-refused'],
  [4000, 'invalid_request_error.model_not_found', 'provider-refused'],
])('a close by %i "%s" has one meaning', (code, reason, expected) => {
  expect(closeError(openAiErrors, code, reason, undefined).code).toBe(expected)
})

test('a key that the model shows half of goes into no log', () => {
  const error = { type: 'x', code: 'invalid_api_key', message: 'Incorrect API key provided: sk-proj-ab*****wxyz. See' }
  expect(errorOf(error, judgeError(openAiErrors, error)).message).toBe(
    'the model said: x: invalid_api_key: Incorrect API key provided: [key] See',
  )
})
