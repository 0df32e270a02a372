import { describe, expect, test } from 'vitest'
import { bytesPerSample } from '../../src/audio/format.ts'
import { CallError } from '../../src/base/errors.ts'
import type { RealtimeProvider, RealtimeSession, SessionEvent, SessionOptions } from '../../src/call/provider.ts'

/** What a test makes the model of the newest session do. Order is kept; each is told to the call some time later. */
export interface ModelHand {
  speechStarts(itemId?: string): void
  speechStops(itemId?: string): void
  /** What it does to take a turn that the call has ended, until it may be asked to answer. */
  takesTurn(itemId: string): void
  /** It finds nothing in a turn that the call has ended. */
  refusesTurn(): void
  callerSaid(itemId: string, text: string): void
  begins(responseId: string): void
  /** A piece of sound, of any byte count, and the words that go with it. */
  says(responseId: string, itemId: string, audio: Uint8Array, words: string): void
  callsTool(responseId: string, toolCallId: string, name: string, args: string): void
  ends(responseId: string, status: string): void
  /** The model's end breaks. */
  breaks(): void
  /** Resolves when the call has done this, once for each time it has. */
  done(deed: 'append' | 'end-turn' | 'drop-turn' | 'note' | 'respond' | 'cancel' | 'answer-tool'): Promise<unknown>
}

/** One provider set up for one test. */
export interface ProviderStage extends AsyncDisposable {
  readonly provider: RealtimeProvider
  /** The same model, set up so that the call ends the turns. */
  readonly manual: RealtimeProvider
  /** Of the session opened last; absent where a model cannot be led by the hand. */
  readonly hand?: () => ModelHand
}

const options = (callId: string): SessionOptions => ({ callId, instructions: 'Be brief.', tools: [] })
const never = new AbortController().signal

function useEveryVerb(session: RealtimeSession): void {
  session.append(new Uint8Array(640))
  session.beginTurn()
  session.append(new Uint8Array(641))
  session.endTurn()
  session.beginTurn()
  session.dropTurn()
  session.note('The caller pressed 1.')
  session.respond('hello')
  session.respond('hello', 'answered')
  session.cancel()
  session.truncate('item', 100, 'hel')
  session.answerTool('call', '{}')
}

class Ear {
  readonly events: SessionEvent[] = []
  #wake: (() => void) | undefined

  constructor(session: RealtimeSession) {
    session.listen((event) => {
      this.events.push(event)
      this.#wake?.()
    })
  }

  async hears(isIt: (event: SessionEvent) => boolean): Promise<SessionEvent[]> {
    while (!this.events.some(isIt)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.events
  }

  types(): readonly string[] {
    return this.events.map(({ type }) => type)
  }
}

const is = (type: SessionEvent['type']) => (event: SessionEvent) => event.type === type
const ended = (responseId: string) => (event: SessionEvent) =>
  event.type === 'response-ended' && event.responseId === responseId

/** What every provider of realtime sessions owes to a call. One run of it a provider. */
export function describeProvider(name: string, open: () => Promise<ProviderStage>): void {
  describe(`${name}, as any provider,`, () => {
    test('opens a session that takes and gives whole samples of a known format', async () => {
      await using stage = await open()
      await using session = await stage.provider.connect(options('one'), never)
      for (const format of [session.inputFormat, session.outputFormat]) {
        expect(['mulaw', 'alaw', 'pcm16']).toContain(format.encoding)
        expect([8000, 16000, 24000]).toContain(format.sampleRate)
      }
      expect(stage.provider.name).not.toBe('')
    })

    test('opens nothing for a caller who is gone, and says why', async () => {
      await using stage = await open()
      const reason = new Error('the caller hung up')
      await expect(stage.provider.connect(options('one'), AbortSignal.abort(reason))).rejects.toBe(reason)
      const gone = new AbortController()
      const opening = stage.provider.connect(options('two'), gone.signal)
      gone.abort(reason)
      // Where nothing has to be waited for the session may be open already.
      const outcome = await opening.catch((error: unknown) => error)
      if (outcome !== reason) await (outcome as RealtimeSession)[Symbol.asyncDispose]()
    })

    test('is quiet and takes no harm after the call has let go of it', async () => {
      await using stage = await open()
      const session = await stage.provider.connect(options('one'), never)
      const ear = new Ear(session)
      await session[Symbol.asyncDispose]()
      const told = ear.events.length
      useEveryVerb(session)
      await session[Symbol.asyncDispose]()
      useEveryVerb(session)
      expect(ear.events).toHaveLength(told)
    })

    test('takes every verb of a call that ends the turns, and of one that is over', async () => {
      await using stage = await open()
      const session = await stage.manual.connect(options('one'), never)
      expect(session.turnsBy).toBe('caller')
      for (let i = 0; i < 3; i++) useEveryVerb(session)
      const ear = new Ear(session)
      await session[Symbol.asyncDispose]()
      const told = ear.events.length
      useEveryVerb(session)
      expect(ear.events).toHaveLength(told)
    })

    test('takes every verb at any time without an answer to it', async () => {
      await using stage = await open()
      await using session = await stage.provider.connect(options('one'), never)
      expect(session.turnsBy).toBe('model')
      session.cancel()
      session.truncate('no such item', 0, '')
      session.answerTool('no such call', '{}')
      session.beginTurn()
      session.endTurn()
      session.dropTurn()
      for (const length of [0, 1, 639, 2, 6400]) session.append(new Uint8Array(length))
    })
  })
}

/** The same for providers whose model can be led by the hand. */
export function describeConversation(name: string, open: () => Promise<Required<ProviderStage>>): void {
  async function converse(play: (session: RealtimeSession, hand: ModelHand, stage: ProviderStage) => Promise<void>) {
    await using stage = await open()
    await using session = await stage.provider.connect(options('one'), never)
    await play(session, stage.hand(), stage)
  }

  describe(`${name}, in a conversation,`, () => {
    test('tells what happened before anybody listened, first and in order', () =>
      converse(async (session, hand) => {
        hand.speechStarts()
        hand.speechStops()
        hand.begins('r1')
        session.append(new Uint8Array(6400))
        await hand.done('append')
        const ear = new Ear(session)
        hand.ends('r1', 'completed')
        await ear.hears(ended('r1'))
        expect(ear.types()).toEqual(['speech-started', 'speech-stopped', 'response-started', 'response-ended'])
      }))

    test('gives the sound of an answer whole, between its beginning and its end, and its words so far', () =>
      converse(async (session, hand) => {
        const ear = new Ear(session)
        hand.begins('r1')
        hand.says('r1', 'i1', Uint8Array.of(1, 2, 3), 'Good ')
        hand.says('r1', 'i1', Uint8Array.of(4, 5, 6), 'day.')
        hand.ends('r1', 'completed')
        const events = await ear.hears(ended('r1'))
        expect([events[0]?.type, events.at(-1)?.type]).toEqual(['response-started', 'response-ended'])
        const sound = events.flatMap((event) => (event.type === 'audio' ? [event] : []))
        expect(sound.flatMap(({ audio }) => [...audio])).toEqual([1, 2, 3, 4, 5, 6])
        for (const { audio, responseId, itemId } of sound) {
          expect([audio.length % bytesPerSample(session.outputFormat), responseId, itemId]).toEqual([0, 'r1', 'i1'])
        }
        const words = events.flatMap((event) => (event.type === 'transcript' ? [event.text] : []))
        expect(words[0]).toBe('Good ')
        expect(words.at(-1)).toBe('Good day.')
      }))

    test("gives the caller's words also after the answer to them", () =>
      converse(async (session, hand) => {
        const ear = new Ear(session)
        hand.begins('r1')
        hand.ends('r1', 'completed')
        hand.callerSaid('u1', 'How late is it?')
        await ear.hears(is('transcript'))
        expect(ear.events.at(-1)).toEqual({
          type: 'transcript',
          speaker: 'caller',
          itemId: 'u1',
          text: 'How late is it?',
          final: true,
        })
      }))

    test('ends a stopped answer once, and the next one is a new one', () =>
      converse(async (session, hand) => {
        const ear = new Ear(session)
        hand.begins('r1')
        await ear.hears(is('response-started'))
        session.cancel()
        await hand.done('cancel')
        hand.ends('r1', 'cancelled')
        hand.begins('r2')
        hand.ends('r2', 'completed')
        await ear.hears(ended('r2'))
        const ends = ear.events.flatMap((event) => (event.type === 'response-ended' ? [event.responseId] : []))
        expect(ends).toEqual(['r1', 'r2'])
      }))

    test('goes on by itself after the last tool of a response is answered', () =>
      converse(async (session, hand) => {
        const ear = new Ear(session)
        hand.begins('r1')
        hand.callsTool('r1', 'c1', 'lookup', '{"id":"7"}')
        hand.ends('r1', 'completed')
        await ear.hears(ended('r1'))
        expect(ear.events[1]).toEqual({ type: 'tool-call', toolCallId: 'c1', name: 'lookup', args: '{"id":"7"}' })
        session.answerTool('c1', '{"found":true}')
        await hand.done('answer-tool')
      }))

    test("names the caller's turn as its transcript does, where the model says it", () =>
      converse(async (session, hand) => {
        const ear = new Ear(session)
        hand.speechStarts('u1')
        hand.speechStops('u1')
        hand.callerSaid('u1', 'Hello?')
        await ear.hears(is('transcript'))
        expect(ear.events).toEqual([
          { type: 'speech-started', itemId: 'u1' },
          { type: 'speech-stopped', itemId: 'u1' },
          { type: 'transcript', speaker: 'caller', itemId: 'u1', text: 'Hello?', final: true },
        ])
      }))

    test('is told in writing what cannot be heard, without an answer to it', () =>
      converse(async (session, hand) => {
        expect(session.takesNotes).toBe(true)
        session.note('The caller pressed 1 2 3.')
        await hand.done('note')
        const ear = new Ear(session)
        hand.begins('r1')
        await ear.hears(is('response-started'))
        expect(ear.types()).toEqual(['response-started'])
      }))

    test('answers a turn that the call ends, and forgets one that was a noise', async () => {
      await using stage = await open()
      await using session = await stage.manual.connect(options('one'), never)
      const hand = stage.hand()
      const ear = new Ear(session)
      session.beginTurn()
      session.append(new Uint8Array(6400))
      session.dropTurn()
      await hand.done('drop-turn')
      session.beginTurn()
      session.append(new Uint8Array(6400))
      session.endTurn()
      await hand.done('end-turn')
      hand.takesTurn('u1')
      hand.begins('r1')
      hand.says('r1', 'i1', Uint8Array.of(1, 2), 'Good day.')
      hand.ends('r1', 'completed')
      hand.callerSaid('u1', 'Hello?')
      await ear.hears((event) => event.type === 'transcript' && event.speaker === 'caller')
      expect(ear.types().filter((type) => type !== 'transcript' && type !== 'turn-named')).toEqual([
        'response-started',
        'audio',
        'response-ended',
      ])
      expect(ear.events.at(-1)).toMatchObject({ speaker: 'caller', itemId: 'u1', final: true })
    })

    test('says of a turn in which it finds nothing that it is none', async () => {
      await using stage = await open()
      await using session = await stage.manual.connect(options('one'), never)
      const hand = stage.hand()
      const ear = new Ear(session)
      session.beginTurn()
      session.append(new Uint8Array(6400))
      session.endTurn()
      await hand.done('end-turn')
      hand.refusesTurn()
      await ear.hears(is('turn-refused'))
      expect(ear.types()).toEqual(['turn-refused'])
    })

    test('speaks when it is asked to', () =>
      converse(async (session, hand) => {
        session.respond('Say hello.')
        await hand.done('respond')
      }))

    test('says once, and last, that its model is gone', () =>
      converse(async (session, hand) => {
        const ear = new Ear(session)
        hand.begins('r1')
        hand.breaks()
        await ear.hears(is('closed'))
        session.respond('hello')
        session.append(new Uint8Array(640))
        expect(ear.types().filter((type) => type === 'closed')).toHaveLength(1)
        const end = ear.events.at(-1)
        expect(end?.type === 'closed' && end.error).toBeInstanceOf(CallError)
      }))

    test('keeps two calls apart', async () => {
      await using stage = await open()
      await using first = await stage.provider.connect(options('one'), never)
      const one = { ear: new Ear(first), hand: stage.hand() }
      await using second = await stage.provider.connect(options('two'), never)
      const two = { ear: new Ear(second), hand: stage.hand() }
      one.hand.begins('a')
      two.hand.begins('b')
      await Promise.all([one.ear.hears(is('response-started')), two.ear.hears(is('response-started'))])
      expect([one.ear.events, two.ear.events]).toEqual([
        [{ type: 'response-started', responseId: 'a' }],
        [{ type: 'response-started', responseId: 'b' }],
      ])
    })
  })
}
