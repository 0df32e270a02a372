import type { CallEvent } from '../../../src/call/events.ts'

/** What a call tells in one turn of it: fifteen events, in 1 s here. */
const turn: readonly CallEvent[] = [
  { atMs: 61_234.56, type: 'caller-speech-started' },
  { atMs: 61_240, type: 'held', by: 'local', yieldMs: 120 },
  { atMs: 61_400, type: 'resumed', heldMs: 160 },
  { atMs: 61_500, type: 'barge-in', by: 'local', heardMs: 1200, unheardMs: 900, yieldMs: 210 },
  { atMs: 63_120.25, type: 'caller-speech-stopped' },
  { atMs: 63_700.5, type: 'response-started', responseId: 'resp_D8aQ9ZkPq0xYw7' },
  { atMs: 63_812.75, type: 'agent-audible', responseId: 'resp_D8aQ9ZkPq0xYw7', latencyMs: 692.5 },
  { atMs: 64_010, type: 'said', speaker: 'caller', itemId: 'item_D8aQ7', text: 'A table for two on Friday.', place: 8 },
  { atMs: 64_020, type: 'tool-called', toolCallId: 'call_1', name: 'find_table' },
  {
    atMs: 64_200,
    type: 'tool-answered',
    toolCallId: 'call_1',
    name: 'find_table',
    ok: true,
    output: '{"at":[19]}',
    place: 9,
  },
  { atMs: 64_210, type: 'response-started', responseId: 'resp_D8aQ9ZkPq0xYw8' },
  { atMs: 64_300, type: 'agent-audible', responseId: 'resp_D8aQ9ZkPq0xYw8' },
  {
    atMs: 64_310,
    type: 'said',
    speaker: 'agent',
    itemId: 'item_D8aQ9',
    text: 'On Friday we have a table at seven.',
    place: 10,
  },
  {
    ...{ atMs: 64_900, type: 'response-ended', responseId: 'resp_D8aQ9ZkPq0xYw8', status: 'completed' },
    usage: { inputTokens: 900, outputTokens: 120, inputAudioTokens: 700, outputAudioTokens: 100 },
  },
  {
    ...{ atMs: 66_300, type: 'heard', itemId: 'item_D8aQ9', heardMs: 2480, wholly: true },
    ...{ heardText: 'On Friday we have a table at seven.', place: 10 },
  },
]

/** Events of one call in a second. */
export const EVENTS_PER_SECOND = turn.length

/** The i-th event that a call tells. */
export function eventAt(i: number): CallEvent {
  return turn[i % turn.length] ?? { atMs: 0, type: 'caller-speech-started' }
}

/** The value of which that part of the values are no more. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
}
