import type { Instruments } from './instruments.ts'

/** Answers on the telephone: a quarter of a second is excellent, five are a caller who hangs up [s]. */
const ANSWER_BUCKETS_S = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 5, 10]
const CONNECT_BUCKETS_S = [0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10]
/** A tenth of a second is a person who listens; the model alone takes one [s]. */
const YIELD_BUCKETS_S = [0.06, 0.08, 0.1, 0.12, 0.16, 0.2, 0.3, 0.5, 1, 2]
/** A misdial to the longest call by default [s]. */
const CALL_BUCKETS_S = [5, 15, 30, 60, 120, 300, 600, 1800, 3600]

/** What is measured of calls. Names are stable: alerts and dashboards of operators have them (docs/metrics.md). */
export function callInstruments(make: Instruments) {
  return { ...livesIn(make), ...modelsIn(make), ...talkIn(make) }
}

/** How calls come, stand and end. */
function livesIn(make: Instruments) {
  return {
    calls: make.gauge('calls', 'Calls by how they stand now.', 'state'),
    answered: make.counter('calls_answered_total', 'Calls that were answered.'),
    ended: make.counter(
      'calls_ended_total',
      'Streams of calls that ended, by why; who is handed over may come back and end again.',
      'reason',
    ),
    callS: make.histogram('call_seconds', 'How long streams of calls lasted.', CALL_BUCKETS_S),
    turns: make.counter('caller_turns_total', 'Turns of callers, counted when a call ends.'),
    operators: make.counter('operator_actions_total', 'What operators did to live calls.', 'did'),
    prompted: make.counter('prompts_total', 'Times that the agent spoke by itself, by why.', 'why'),
    tools: make.counter('tool_calls_total', 'Tools that the model called, by how that went.', 'outcome'),
  }
}

/** How their models do, and what those bill. */
function modelsIn(make: Instruments) {
  return {
    connectFailures: make.counter('connect_failures_total', 'Calls that reached no model, by why.', 'code'),
    lost: make.counter(
      'provider_losses_total',
      'Times that a call lost its model, by whose it was; most find it again, or another one.',
      'provider',
    ),
    restored: make.counter(
      'provider_restorations_total',
      'Times that a call that had lost its model went on with one, by whose that is.',
      'provider',
    ),
    errors: make.counter(
      'provider_errors_total',
      'What went wrong with models, by whose they are and its code: losses, and calls that ended on it.',
      'provider',
      'code',
    ),
    renewed: make.counter(
      'sessions_renewed_total',
      'Sessions that were replaced before their longest time, by whose they are.',
      'provider',
    ),
    tokens: make.counter('tokens_total', 'Tokens that models have billed.', 'provider', 'kind', 'way'),
    cost: make.counter('cost_total', 'What they cost, where a price is set.', 'provider', 'currency'),
  }
}

/** What is heard, and how soon. */
function talkIn(make: Instruments) {
  return {
    bargeIns: make.counter('barge_ins_total', 'Times that a caller spoke over the agent.'),
    resumed: make.counter(
      'holds_resumed_total',
      'Times that the agent fell silent for a sound that was no barge-in, and went on.',
    ),
    audio: make.counter(
      'audio_seconds_total',
      'Sound of ended calls: taken from callers, made by the agent, and of that heard.',
      'kind',
    ),
    frames: make.counter(
      'frames_total',
      'Frames of 20 ms of ended calls, by whose sound it is: in from the caller or the model, out to the other one.',
      'from',
      'way',
    ),
    dropped: make.counter(
      'dropped_seconds_total',
      'Sound of ended calls that was dropped: cut by a barge-in, late for an answer that was cut, or not taken by the model.',
      'why',
    ),
    connectS: make.histogram(
      'connect_seconds',
      'From the answer of a call until the model was ready.',
      CONNECT_BUCKETS_S,
    ),
    answerS: make.histogram(
      'answer_latency_seconds',
      'From the end of the caller’s speech, measured on the sound, to the first sound of the answer.',
      ANSWER_BUCKETS_S,
    ),
    yieldS: make.histogram(
      'yield_seconds',
      'From the beginning of the caller’s speech over the agent to the agent’s silence, as far as our own ear heard it.',
      YIELD_BUCKETS_S,
    ),
  }
}
