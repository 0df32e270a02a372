import type { ErrorRow } from '../realtime/errors.ts'

/**
 * What Qwen's errors and close reasons say; `code` and `param` are often empty, so the patterns are of messages. Account
 * rows stand before the general ones, because an account's text may quote an InternalError too.
 */
export const qwenErrors: readonly ErrorRow[] = [
  { pattern: /none active response|no active response/i, outcome: 'swallow', code: 'provider-protocol' },
  { pattern: /already has an active response/i, outcome: 'retry-create', code: 'provider-protocol' },
  { pattern: /while user is speaking/i, outcome: 'create-later', code: 'provider-protocol' },
  { pattern: /not accepted by semantic turn detection/i, outcome: 'no-turn', code: 'provider-protocol' },
  {
    pattern: /committing input audio|commit_empty|buffer (is )?(too small|empty)/i,
    outcome: 'no-turn',
    code: 'provider-protocol',
  },
  { pattern: /no response was generated for \d+ seconds/i, outcome: 'end', code: 'provider-lost' },
  { pattern: /free tier|FreeTierOnly/i, outcome: 'end', code: 'provider-refused' },
  { pattern: /good standing|arrearage|access ?denied/i, outcome: 'end', code: 'provider-refused' },
  { pattern: /invalid ?api-?_?key|incorrect api key/i, outcome: 'end', code: 'provider-refused' },
  {
    pattern: /rate limit exceeded|quota exceeded|rate increased too quickly/i,
    outcome: 'back-off',
    code: 'provider-busy',
  },
  { pattern: /voice .{0,80}is not supported/i, outcome: 'end', code: 'provider-config' },
  { pattern: /agent mode does not support tools/i, outcome: 'end', code: 'provider-config' },
  { pattern: /InternalError\.Algo\.InvalidParameter/i, outcome: 'end', code: 'provider-config' },
  { pattern: /ModelServingError|<50002>/i, outcome: 'end', code: 'provider-lost' },
  { pattern: /does not support item deletion/i, outcome: 'slow-down', code: 'provider-busy' },
  { pattern: /response timeout/i, outcome: 'end', code: 'provider-lost' },
  { pattern: /invalid modalities/i, outcome: 'keep', code: 'provider-config' },
  { pattern: /append image before append audio/i, outcome: 'keep', code: 'provider-protocol' },
  { pattern: /internal service error: null/i, outcome: 'keep', code: 'provider-protocol' },
  { pattern: /unknown function call id/i, outcome: 'keep', code: 'provider-protocol' },
  { pattern: /invalid event type/i, outcome: 'keep', code: 'provider-protocol' },
]
