import { describe, expect, test } from 'vitest'
import type { SessionEvent } from '../../../src/call/provider.ts'
import {
  agentItem,
  argumentsDone,
  audioDelta,
  callerDelta,
  callerDone,
  callerItem,
  callItemDone,
  type Frame,
  responseCreated,
  responseDone,
  speechStarted,
  speechStopped,
  transcriptDelta,
  transcriptDone,
} from './frames.ts'
import { paperSession } from './paper-wire.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

function sound(events: readonly SessionEvent[]): number[] {
  return events.flatMap((event) => (event.type === 'audio' ? [...event.audio] : []))
}

function last(events: readonly SessionEvent[]): SessionEvent | undefined {
  return events.at(-1)
}

describe('an answer', () => {
  test('is told from its beginning to its end, with its words so far and what it cost', () => {
    const { wire, events } = paperSession()
    wire.say(
      speechStarted,
      speechStopped,
      responseCreated('r1'),
      transcriptDelta('r1', 'Good '),
      audioDelta('r1', bytes(1, 2)),
      transcriptDelta('r1', 'day.'),
      transcriptDone('r1', 'Good day.'),
      responseDone('r1'),
    )
    const words = { type: 'transcript', speaker: 'agent', itemId: agentItem }
    expect(events).toEqual([
      { type: 'speech-started', itemId: callerItem },
      { type: 'speech-stopped', itemId: callerItem },
      { type: 'response-started', responseId: 'r1' },
      { ...words, text: 'Good ', final: false },
      { type: 'audio', responseId: 'r1', itemId: agentItem, audio: Buffer.from([1, 2]) },
      { ...words, text: 'Good day.', final: false },
      { ...words, text: 'Good day.', final: true },
      {
        type: 'response-ended',
        responseId: 'r1',
        status: 'completed',
        usage: { inputTokens: 336, outputTokens: 41, inputAudioTokens: 108, outputAudioTokens: 32 },
      },
    ])
  })

  test('reaches the call in whole samples when its pieces have odd byte counts', () => {
    const { wire, events } = paperSession()
    wire.say(responseCreated('r1'), audioDelta('r1', bytes(1)), audioDelta('r1', bytes(2, 3, 4, 5)))
    wire.say(audioDelta('r1', bytes(6)), audioDelta('r1', bytes(7)), responseDone('r1'))
    wire.say(responseCreated('r2'), audioDelta('r2', bytes(8, 9)))
    expect(sound(events)).toEqual([1, 2, 3, 4, 5, 6, 8, 9])
    for (const event of events) if (event.type === 'audio') expect(event.audio.length % 2).toBe(0)
  })

  test('is dropped where its response was never begun, is over, or is another one', () => {
    const { wire, events } = paperSession()
    wire.say(audioDelta('r0', bytes(1, 1)), transcriptDelta('r0', 'stray'))
    wire.say(responseCreated('r1'), audioDelta('r0', bytes(2, 2)), audioDelta('r1', bytes(3, 3)), responseDone('r1'))
    wire.say(audioDelta('r1', bytes(4, 4)), transcriptDone('r1', 'late'), responseDone('r1'))
    expect(sound(events)).toEqual([3, 3])
    expect(events.filter(({ type }) => type === 'transcript')).toEqual([])
    expect(events.filter(({ type }) => type === 'response-ended')).toHaveLength(1)
  })

  test('ends as superseded when the model begins another one without ending it', () => {
    const { wire, events } = paperSession()
    wire.say(responseCreated('r1'), responseCreated('r2'), responseDone('r1'), audioDelta('r2', bytes(1, 2)))
    expect(events.slice(0, 3)).toEqual([
      { type: 'response-started', responseId: 'r1' },
      { type: 'response-ended', responseId: 'r1', status: 'superseded' },
      { type: 'response-started', responseId: 'r2' },
    ])
    expect(sound(events)).toEqual([1, 2])
  })

  test('that fails is told as failed, and the conversation goes on', () => {
    const { wire, events } = paperSession()
    wire.say(responseCreated('r1'), responseDone('r1', 'failed', {}))
    expect(last(events)).toEqual({ type: 'response-ended', responseId: 'r1', status: 'failed' })
    wire.say(responseCreated('r2'))
    expect(last(events)).toEqual({ type: 'response-started', responseId: 'r2' })
  })

  test('that stops coming for 5 s ends the session, because it never will end', () => {
    const { clock, wire, events } = paperSession()
    wire.say(responseCreated('r1'))
    clock.advance(4000)
    wire.say(audioDelta('r1', bytes(1, 2)))
    clock.advance(4999)
    expect(last(events)?.type).toBe('audio')
    clock.advance(1)
    expect(events.slice(-2)).toMatchObject([
      { type: 'response-ended', status: 'failed' },
      { type: 'closed', error: { code: 'provider-timeout' } },
    ])
    expect(wire.closed).toBe(true)
  })

  test('of which the first piece does not come for 5 s ends the session too', () => {
    const { clock, wire, events } = paperSession()
    wire.say(responseCreated('r1'))
    clock.advance(4999)
    expect(last(events)?.type).toBe('response-started')
    clock.advance(1)
    expect(last(events)).toMatchObject({ type: 'closed', error: { code: 'provider-timeout' } })
  })

  test('may take its time over the arguments of a tool', () => {
    const { clock, wire, types } = paperSession()
    wire.say(responseCreated('r1'))
    for (let i = 0; i < 4; i++) {
      clock.advance(4000)
      wire.say({ type: 'response.function_call_arguments.delta', response_id: 'r1', delta: '{' })
    }
    expect(types()).toEqual(['response-started'])
  })
})

describe('what the caller says', () => {
  test('is told whole each time, and finally', () => {
    const { wire, events } = paperSession()
    wire.say(
      callerDelta('u1', '', 'how'),
      callerDelta('u1', 'how is', ' the we'),
      callerDone('u1', 'How is the weather?'),
    )
    expect(events.map((event) => (event.type === 'transcript' ? [event.text, event.final] : []))).toEqual([
      ['how', false],
      ['how is the we', false],
      ['How is the weather?', true],
    ])
  })

  test('is its last preview when the final text comes empty or fails, and nothing when there was none', () => {
    const { wire, events } = paperSession()
    const failed: Frame = {
      type: 'conversation.item.input_audio_transcription.failed',
      item_id: 'u2',
      error: { code: 'x', message: 'y' },
    }
    wire.say(
      callerDelta('u1', 'yes', ''),
      callerDone('u1', ''),
      callerDelta('u2', '', 'no'),
      failed,
      callerDone('u3', ''),
    )
    expect(events.filter((event) => event.type === 'transcript' && event.final)).toMatchObject([
      { itemId: 'u1', text: 'yes' },
      { itemId: 'u2', text: 'no' },
    ])
    expect(events).toHaveLength(4)
  })

  test('counts as over when the model answers without having said so', () => {
    const { wire, session, types } = paperSession()
    wire.say(speechStarted, speechStarted, responseCreated('r1'), speechStopped, responseDone('r1'))
    expect(types()).toEqual(['speech-started', 'speech-stopped', 'response-started', 'response-ended'])
    session.respond('next')
    expect(wire.of('response.create')).toHaveLength(1)
  })
})

describe('a tool call', () => {
  const output = (call_id: string, text: string) => ({
    type: 'conversation.item.create',
    item: { type: 'function_call_output', call_id, output: text },
  })

  test('is told once, with trimmed arguments, though two frames announce it', () => {
    const { wire, events } = paperSession()
    wire.say(responseCreated('r1'), argumentsDone('r1', 'c1', 'lookup', '{"id":1}'))
    wire.say(callItemDone('r1', 'c1', 'lookup', '{"id":1}'), callItemDone('r1', 'c2', 'hours', ''))
    wire.say({ ...argumentsDone('r1', 'c1', 'lookup', '{"id":1}'), item_id: 'another item' })
    expect(events.filter(({ type }) => type === 'tool-call')).toEqual([
      { type: 'tool-call', toolCallId: 'c1', name: 'lookup', args: '{"id":1}' },
      { type: 'tool-call', toolCallId: 'c2', name: 'hours', args: '{}' },
    ])
  })

  test('is answered after its response, and the model goes on once, when all are answered', () => {
    const { wire, session } = paperSession()
    wire.say(responseCreated('r1'), argumentsDone('r1', 'c1', 'a', '{}'), argumentsDone('r1', 'c2', 'b', '{}'))
    session.answerTool('c2', 'two')
    expect(wire.sent).toEqual([])
    wire.say(responseDone('r1'))
    session.answerTool('c2', 'again')
    expect(wire.sent).toEqual([output('c2', 'two')])
    session.answerTool('c1', 'one')
    session.answerTool('c1', 'again')
    session.answerTool('c9', 'nobody asked')
    expect(wire.sent.slice(1)).toEqual([
      output('c1', 'one'),
      { type: 'response.create', response: { modalities: ['text', 'audio'] } },
    ])
  })

  test('that is answered while the caller speaks is spoken about in the answer to the caller', () => {
    const { wire, session } = paperSession()
    wire.say(responseCreated('r1'), argumentsDone('r1', 'c1', 'a', '{}'), responseDone('r1'), speechStarted)
    session.cancel()
    session.answerTool('c1', 'one')
    wire.say(speechStopped, responseCreated('r2'), responseDone('r2'))
    expect(wire.sent).toEqual([output('c1', 'one')])
  })

  test('that is answered during another answer is spoken about after it', () => {
    const { wire, session } = paperSession()
    wire.say(responseCreated('r1'), argumentsDone('r1', 'c1', 'a', '{}'), responseDone('r1'))
    wire.say(speechStarted, speechStopped, responseCreated('r2'))
    session.answerTool('c1', 'one')
    expect(wire.of('response.create')).toHaveLength(0)
    wire.say(responseDone('r2'))
    expect(wire.of('response.create')).toHaveLength(1)
  })

  test('comes before a prompt that waits too', () => {
    const { wire, session } = paperSession()
    wire.say(responseCreated('r1'), argumentsDone('r1', 'c1', 'a', '{}'))
    session.respond('prompt')
    session.answerTool('c1', 'one')
    wire.say(responseDone('r1'))
    expect(wire.of('response.create')).toEqual([
      { type: 'response.create', response: { modalities: ['text', 'audio'] } },
    ])
    wire.say(responseCreated('r2'), responseDone('r2'))
    expect(wire.of('response.create')[1]).toMatchObject({ response: { instructions: 'prompt' } })
  })
})
