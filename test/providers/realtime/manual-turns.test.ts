import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  callerDone,
  callerItem,
  committed,
  errorFrame,
  type Frame,
  responseCreated,
  responseDone,
  speechStarted,
  speechStopped,
  turnCreated,
} from './frames.ts'
import { paperSession } from './paper-wire.ts'

const ms = (count: number, level = 0) => new Uint8Array(count * 32).fill(level)
const typesOf = (frames: readonly Frame[]) =>
  frames.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1])
const soundOf = (frames: readonly Frame[]) =>
  Buffer.concat(frames.map(({ audio }) => Buffer.from(typeof audio === 'string' ? audio : '', 'base64')))

function manual() {
  const paper = paperSession({ turnsBy: 'caller' })
  /** A whole turn of the caller, up to its commit. */
  const turn = () => {
    paper.session.beginTurn()
    paper.session.append(ms(300, 5))
    paper.session.endTurn()
  }
  return { ...paper, turn }
}

describe('a turn that the call ends', () => {
  test('is sent with the half second before it, committed, and answered when the model has it', () => {
    const { wire, session } = manual()
    expect(session.turnsBy).toBe('caller')
    for (let i = 0; i < 100; i++) session.append(ms(20, i))
    expect(wire.sent).toEqual([])
    session.beginTurn()
    session.append(ms(100, 200))
    session.endTurn()
    expect(typesOf(wire.sent)).toEqual(['input_audio_buffer.append', 'input_audio_buffer.commit'])
    const sound = soundOf(wire.sent)
    expect(sound.length).toBe(600 * 32)
    expect([sound[0], sound[499 * 32], sound.at(-1)]).toEqual([75, 99, 200])
    wire.say(committed(callerItem))
    expect(wire.of('response.create')).toEqual([])
    wire.say(turnCreated(callerItem))
    expect(wire.of('response.create')).toEqual([
      { type: 'response.create', response: { modalities: ['text', 'audio'] } },
    ])
  })

  test('is sent to its last whole sample, however the sound was cut', () => {
    const { wire, session } = manual()
    session.append(Uint8Array.of(1))
    session.append(ms(1000).fill(2))
    session.beginTurn()
    session.append(Uint8Array.of(3, 4, 5, 6))
    session.endTurn()
    const sound = soundOf(wire.sent)
    expect(sound.length).toBe(500 * 32 + 4)
    // Of the half second at an odd place the samples stayed whole: 3 belongs to the last 2.
    expect([...sound.subarray(-6)]).toEqual([2, 2, 2, 3, 4, 5])
    session.beginTurn()
    session.append(Uint8Array.of(7))
    session.endTurn()
    expect([...soundOf(wire.sent).subarray(-2)]).toEqual([6, 7])
  })

  test('is answered, if a little later, when its item comes only after the create', () => {
    const { clock, wire, turn } = manual()
    turn()
    wire.say(committed(callerItem))
    clock.advance(299)
    expect(wire.of('response.create')).toEqual([])
    clock.advance(1)
    expect(wire.of('response.create')).toHaveLength(1)
    wire.say(turnCreated(callerItem), responseCreated('r1'))
    clock.advance(60_000)
    expect(wire.of('response.create')).toHaveLength(1)
  })

  test('is answered even when the model never says that it has it', () => {
    const { clock, wire, turn } = manual()
    turn()
    clock.advance(1499)
    expect(wire.of('response.create')).toEqual([])
    clock.advance(1)
    expect(wire.of('response.create')).toHaveLength(1)
  })

  test('is asked for once more when the model passed the first wish over, and after the words of later turns', () => {
    const { clock, wire, turn } = manual()
    turn()
    wire.say(committed('u1'), turnCreated('u1'))
    clock.advance(2999)
    expect(wire.of('response.create')).toHaveLength(1)
    clock.advance(1)
    expect(wire.of('response.create')).toHaveLength(2)
    wire.say(responseCreated('r1'), responseDone('r1'))
    turn()
    wire.say(committed('u2'), turnCreated('u2'))
    expect(wire.of('response.create')).toHaveLength(2)
    wire.say(callerDone('u2', 'Hello?'))
    expect(wire.of('response.create')).toHaveLength(3)
  })

  test('is asked for twice at most', () => {
    const { clock, wire, turn } = manual()
    turn()
    wire.say(committed('u1'), turnCreated('u1'))
    clock.advance(60_000)
    expect(wire.of('response.create')).toHaveLength(2)
  })

  test('is not committed when there was no sound in it, and gets no answer when the model says so', () => {
    const { clock, wire, session, turn, types } = manual()
    session.beginTurn()
    session.endTurn()
    session.endTurn()
    expect([wire.sent, types()]).toEqual([[], []])
    turn()
    wire.say(errorFrame('Error committing input audio buffer, maybe no audio data.'))
    clock.advance(60_000)
    expect(wire.of('response.create')).toEqual([])
    expect(types()).toEqual(['turn-refused'])
    session.respond('Are you there?')
    expect(wire.of('response.create')).toHaveLength(1)
  })

  test('is told to be none only when it is the latest, and no answer to one before it is due', () => {
    const empty = errorFrame('Error committing input audio buffer, maybe no audio data.')
    const goingOn = manual()
    goingOn.turn()
    goingOn.session.beginTurn()
    goingOn.wire.say(empty)
    const second = manual()
    second.turn()
    second.turn()
    second.wire.say(empty, committed('u2'), turnCreated('u2'))
    const owed = manual()
    owed.turn()
    owed.wire.say(committed('u1'), turnCreated('u1'))
    owed.turn()
    owed.wire.say(empty)
    for (const { types } of [goingOn, second, owed]) expect(types()).not.toContain('turn-refused')
    expect(second.wire.of('response.create')).toHaveLength(1)
    owed.wire.say(responseCreated('r1'), responseDone('r1'))
    expect(owed.wire.of('response.create')).toHaveLength(1)
  })

  test('is forgotten when it was a noise', () => {
    const { clock, wire, session } = manual()
    session.beginTurn()
    session.append(ms(110))
    session.dropTurn()
    session.dropTurn()
    session.endTurn()
    clock.advance(60_000)
    expect(typesOf(wire.sent)).toEqual(['input_audio_buffer.append', 'input_audio_buffer.clear'])
    // Half a second later nothing of it is in the next turn, not even what filled no batch.
    session.append(ms(500, 9))
    session.beginTurn()
    session.append(ms(20, 9))
    const cleared = wire.sent.findIndex(({ type }) => type === 'input_audio_buffer.clear')
    expect([...new Set(soundOf(wire.sent.slice(cleared)))]).toEqual([9])
  })

  test('is whole although its first words were taken for a noise', () => {
    const { wire, session } = manual()
    session.beginTurn()
    session.append(ms(300, 7))
    session.dropTurn()
    session.append(ms(40, 8))
    session.beginTurn()
    session.append(ms(60, 9))
    session.endTurn()
    const sound = soundOf(wire.sent.slice(wire.sent.findIndex(({ type }) => type === 'input_audio_buffer.clear') + 1))
    expect([...new Set(sound)]).toEqual([7, 8, 9])
    expect(sound).toHaveLength(400 * 32)
    // And nothing of it is in the next.
    const sent = wire.sent.length
    session.beginTurn()
    session.append(ms(100, 5))
    session.endTurn()
    expect([...new Set(soundOf(wire.sent.slice(sent)))]).toEqual([5])
  })

  test('that goes on at once is answered as a whole, once', () => {
    const { wire, session, turn } = manual()
    turn()
    session.beginTurn()
    session.append(ms(200))
    wire.say(committed('u1'), turnCreated('u1'))
    session.endTurn()
    expect(wire.of('response.create')).toEqual([])
    wire.say(committed('u2'))
    expect(wire.of('response.create')).toEqual([])
    wire.say(turnCreated('u2'))
    expect(wire.of('response.create')).toHaveLength(1)
  })

  test('is not asked for before the model has the latest turn, however late it tells of the one before', () => {
    const { clock, wire, turn } = manual()
    turn()
    turn()
    wire.say(committed('u1'), turnCreated('u1'))
    clock.advance(1400)
    expect(wire.of('response.create')).toEqual([])
    wire.say(committed('u2'), turnCreated('u2'))
    expect(wire.of('response.create')).toHaveLength(1)
  })

  test('followed by a noise is answered after the noise', () => {
    const { wire, session, turn } = manual()
    turn()
    session.beginTurn()
    wire.say(committed('u1'), turnCreated('u1'))
    expect(wire.of('response.create')).toEqual([])
    session.dropTurn()
    expect(wire.of('response.create')).toHaveLength(1)
  })

  test('keeps a prompt waiting until its answer is given', () => {
    const { wire, session } = manual()
    session.beginTurn()
    session.respond('Are you there?')
    session.append(ms(300))
    session.endTurn()
    wire.say(committed('u1'), turnCreated('u1'), responseCreated('r1'))
    expect(wire.of('response.create').map(({ response }) => response)).toEqual([{ modalities: ['text', 'audio'] }])
    wire.say(responseDone('r1'))
    expect(wire.of('response.create')).toHaveLength(2)
  })

  test('stops an answer by response.cancel alone, and gets its own', () => {
    const { wire, session, turn, events } = manual()
    turn()
    wire.say(committed('u1'), turnCreated('u1'), responseCreated('r1'))
    const before = wire.sent.length
    session.beginTurn()
    session.cancel()
    expect(wire.sent.slice(before)).toEqual([{ type: 'response.cancel' }])
    session.append(ms(300))
    session.endTurn()
    wire.say(committed('u2'), turnCreated('u2'))
    // One at a time: the cut one is not over yet.
    expect(wire.of('response.create')).toHaveLength(1)
    wire.say(responseDone('r1', 'cancelled'))
    expect(wire.of('response.create')).toHaveLength(2)
    expect(events.map(({ type }) => type)).toEqual(['turn-named', 'response-started', 'turn-named', 'response-ended'])
  })

  test('keeps what was typed before it in front of it', () => {
    const { wire, session } = manual()
    wire.say(responseCreated('r1'))
    session.beginTurn()
    session.note('The caller pressed 1.')
    session.append(ms(20))
    expect(wire.of('conversation.item.create')).toEqual([])
    session.endTurn()
    expect(typesOf(wire.sent).slice(-2)).toEqual(['conversation.item.create', 'input_audio_buffer.commit'])
  })
})

describe('a model that listens for turns itself', () => {
  test('is never sent a commit, and no turn by hand', () => {
    const { wire, session } = paperSession()
    expect(session.turnsBy).toBe('model')
    session.append(ms(40))
    session.beginTurn()
    session.endTurn()
    session.dropTurn()
    expect(typesOf(wire.sent)).toEqual(['input_audio_buffer.append'])
  })

  test('although it was told not to gets all the sound from then on, and no commit', () => {
    const { wire, session, events } = manual()
    session.append(ms(100))
    wire.say(speechStarted)
    expect(session.turnsBy).toBe('model')
    expect(events).toEqual([{ type: 'speech-started', itemId: callerItem }])
    session.append(ms(100))
    session.beginTurn()
    session.endTurn()
    wire.say(speechStopped)
    session.endTurn()
    expect(typesOf(wire.sent)).toEqual(['input_audio_buffer.append'])
    expect(soundOf(wire.sent).length).toBe(200 * 32)
  })

  test('gets no commit in any order of frames, verbs and time, nor does one by hand without sound before it', () => {
    const frame = fc.constantFrom<Frame>(
      speechStarted,
      speechStopped,
      committed('u1'),
      turnCreated('u1'),
      callerDone('u1', 'x'),
      responseCreated('r1'),
      responseDone('r1'),
      errorFrame('Internal service error: null'),
      errorFrame('Error committing input audio buffer'),
      { type: 'session.updated', session: { turn_detection: null } },
      { type: 'session.updated', session: { turn_detection: { type: 'server_vad' } } },
    )
    const verb = fc.constantFrom('begin', 'end', 'drop', 'append', 'respond', 'cancel', 'note')
    const step = fc.oneof({ weight: 3, arbitrary: verb }, frame, fc.nat(2000))
    fc.assert(
      fc.property(fc.constantFrom('model', 'caller'), fc.array(step, { maxLength: 40 }), (turnsBy, steps) => {
        const { clock, wire, session } = paperSession({ turnsBy })
        let listensFrom = turnsBy === 'model' ? 0 : Number.POSITIVE_INFINITY
        for (const one of steps) {
          if (typeof one === 'number') clock.advance(one)
          else if (one === 'begin') session.beginTurn()
          else if (one === 'end') session.endTurn()
          else if (one === 'drop') session.dropTurn()
          else if (one === 'append') session.append(ms(33))
          else if (one === 'respond') session.respond()
          else if (one === 'cancel') session.cancel()
          else if (one === 'note') session.note('x')
          else {
            wire.say(one)
            const spoke = one === speechStarted || one === speechStopped
            if (spoke) listensFrom = Math.min(listensFrom, wire.sent.length)
          }
        }
        let bytes = 0
        for (const [i, { type, audio }] of wire.sent.entries()) {
          if (type === 'input_audio_buffer.append') bytes += String(audio).length
          if (type === 'input_audio_buffer.clear') bytes = 0
          if (type !== 'input_audio_buffer.commit') continue
          expect(i).toBeLessThan(listensFrom)
          expect(bytes).toBeGreaterThan(0)
          bytes = 0
        }
      }),
      { numRuns: 1500 },
    )
  })
})
