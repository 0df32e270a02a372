import type { ErrorRow } from '../realtime/errors.ts'

/**
 * What OpenAI's errors, failed answers and close reasons say, on Azure too. Most have a `code`; older servers have only
 * the message, so each pattern takes both. Money stands before rates: a used-up quota is said in the words of a limit.
 */
export const openAiErrors: readonly ErrorRow[] = [
  {
    pattern: /response_cancel_not_active|no active response|none active response/i,
    outcome: 'swallow',
    code: 'provider-protocol',
  },
  { pattern: /already[ _]has[ _](an[ _])?active[ _]response/i, outcome: 'retry-create', code: 'provider-protocol' },
  {
    pattern: /commit_empty|committing input audio|buffer (is )?(too small|empty)/i,
    outcome: 'no-turn',
    code: 'provider-protocol',
  },
  // The end of its longest time, which comes by the clock: a new session is all it takes.
  { pattern: /session_expired|maximum duration|session (has )?expired/i, outcome: 'end', code: 'provider-lost' },
  {
    pattern: /insufficient_quota|exceeded your current quota|billing_(hard_limit|not_active)|account_deactivated/i,
    outcome: 'end',
    code: 'provider-refused',
  },
  {
    pattern: /invalid_api_key|incorrect api key|invalid_organization|invalid_project|insufficient_permissions/i,
    outcome: 'end',
    code: 'provider-refused',
  },
  { pattern: /unsupported_country_region|access ?denied/i, outcome: 'end', code: 'provider-refused' },
  {
    pattern:
      /model_not_found|deployment_?not_?found|operation_?not_?supported|does not exist or you do not have access/i,
    outcome: 'end',
    code: 'provider-refused',
  },
  { pattern: /rate_limit|rate limit|too_many_requests|too many requests/i, outcome: 'back-off', code: 'provider-busy' },
  { pattern: /overloaded|service_?unavailable/i, outcome: 'end', code: 'provider-busy' },
  {
    pattern: /server_error|internal_error|had an error while processing/i,
    outcome: 'end',
    code: 'provider-lost',
  },
  // A cut that came too late, or of what the server has let go of meanwhile; the conversation is as good without it.
  { pattern: /already shorter|item .{0,80}(not found|does not exist)/i, outcome: 'keep', code: 'provider-protocol' },
  { pattern: /tool call id|call_id/i, outcome: 'keep', code: 'provider-protocol' },
]
