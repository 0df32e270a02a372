import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CallError } from '../../../src/base/errors.ts'
import { openAiDialect } from '../../../src/providers/openai/dialect.ts'
import { qwenDialect } from '../../../src/providers/qwen/dialect.ts'
import {
  argumentsDone,
  audioDelta,
  committed,
  errorFrame,
  type Frame,
  responseCreated,
  responseDone,
  speechStarted,
  speechStopped,
  transcriptDelta,
  transcriptDone,
  turnCreated,
} from './frames.ts'
import { paperSession } from './paper-wire.ts'

const idle = 'Conversation has none active response'
const busy = 'Conversation already has an active response'
const rejected = 'Input speech was not accepted by semantic turn detection'
const failed = (id: string, code: string) => responseDone(id, 'failed', { status_details: { error: { code } } })
const tooEarly = 'Cannot create response while user is speaking.'

const dialects = [
  ['the older dialect', qwenDialect, 1500],
  ['the newer one', openAiDialect('Be brief.'), 500],
] as const

test.each(dialects)(
  'in %s no sequence of frames, deeds and time makes it throw, close twice, sound outside of its answer, or say a word after the call has let go',
  (_, dialect, numRuns) => {
    const id = fc.constantFrom('r1', 'r2', 'r3')
    const piece = fc.uint8Array({ maxLength: 5 })
    const frame = fc.oneof(
      fc.constantFrom<Frame>(speechStarted, speechStopped, { type: 'response.created' }, { type: 'news' }),
      fc.constantFrom<Frame>(committed('u1'), turnCreated('u1'), { type: 'conversation.item.truncated' }),
      fc
        .constantFrom(idle, busy, rejected, tooEarly, '<50002> ModelServingError', 'rate limit exceeded', 'what?')
        .map((m) => errorFrame(m)),
      id.map(responseCreated),
      fc.tuple(id, fc.constantFrom('completed', 'failed', 'cancelled')).map(([r, status]) => responseDone(r, status)),
      fc.tuple(id, fc.constantFrom('rate_limit_exceeded', 'server_error', 'no')).map(([r, code]) => failed(r, code)),
      fc.tuple(id, piece).map(([r, b]) => audioDelta(r, b)),
      fc.tuple(id, fc.string()).map(([r, text]) => transcriptDelta(r, text)),
      fc.tuple(id, fc.string()).map(([r, text]) => transcriptDone(r, text)),
      fc.tuple(id, fc.constantFrom('c1', 'c2')).map(([r, c]) => argumentsDone(r, c, 'tool', '{}')),
      fc.json().map((json) => ({ type: 'response.audio.delta', response_id: 'r1', delta: json })),
      fc.dictionary(fc.string(), fc.jsonValue()).map((fields) => fields as Frame),
    )
    const deed = fc.constantFrom(
      'respond',
      'remind',
      'cancel',
      'answer',
      'truncate',
      'append',
      'note',
      'begin',
      'end',
      'drop',
    )
    const step = fc.oneof(
      { weight: 6, arbitrary: frame },
      { weight: 2, arbitrary: deed },
      { weight: 1, arbitrary: fc.nat(6000) },
      { weight: 1, arbitrary: fc.constantFrom('dispose', 'break') },
    )
    const kind = fc.record({
      turnsBy: fc.constantFrom('model', 'caller'),
      heardTruth: fc.constantFrom('truncate', 'note', 'off'),
    })
    fc.assert(
      fc.property(kind, fc.array(step, { maxLength: 40 }), (options, steps) => {
        const { clock, wire, session, events } = paperSession({ ...options, dialect })
        let toldAtEnd: number | undefined
        for (const one of steps) {
          if (typeof one === 'number') clock.advance(one)
          else if (one === 'respond') session.respond('x')
          else if (one === 'remind') session.respond('x', 'answered')
          else if (one === 'cancel') session.cancel()
          else if (one === 'answer') session.answerTool('c1', 'x')
          else if (one === 'truncate') session.truncate('i', 20, '')
          else if (one === 'note') session.note('x')
          else if (one === 'begin') session.beginTurn()
          else if (one === 'end') session.endTurn()
          else if (one === 'drop') session.dropTurn()
          else if (one === 'append') session.append(new Uint8Array(641))
          else if (one === 'dispose') {
            void session[Symbol.asyncDispose]()
            toldAtEnd ??= events.length
          } else if (one === 'break') wire.break(new CallError('provider-lost', 'gone'))
          else wire.say(one)
        }
        if (toldAtEnd !== undefined) expect(events).toHaveLength(toldAtEnd)
        expect(events.filter(({ type }) => type === 'closed').length).toBeLessThanOrEqual(1)
        let open: string | undefined
        for (const [i, event] of events.entries()) {
          if (event.type === 'response-started') {
            expect(open).toBeUndefined()
            open = event.responseId
          }
          if (event.type === 'audio') expect([event.responseId, event.audio.length % 2]).toEqual([open, 0])
          if (event.type === 'response-ended') {
            expect(event.responseId).toBe(open)
            open = undefined
          }
          if (event.type === 'closed') expect([i, open]).toEqual([events.length - 1, undefined])
        }
      }),
      { numRuns },
    )
  },
)
