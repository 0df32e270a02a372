import {
  answerMs,
  at,
  type CallDraft,
  greeting,
  greets,
  hangsUp,
  hello,
  hours,
  type Line,
  noise,
  noticedMs,
  opening,
  reply,
  type StreamDraft,
  spanOf,
  stopped,
  turn,
} from './draft.ts'

const beginsMs = answerMs(hello)
const over: Line = { atMs: beginsMs + 2000, file: 'no-thursday.wav' }
const thursday = 'On Thursday we close at eight.'
const toThursday = reply({ when: answerMs(over), id: 'b', text: thursday, ms: 1600, sound: { hz: 800 } })
const endMs = answerMs(over) + 2400
const said = turn(over, 'item_c2', 'No, Thursday.')

/** The caller asks, and speaks over the answer. */
function spokenOver(answer: StreamDraft['session']): readonly StreamDraft[] {
  const session = [...opening, ...answer, ...said, ...toThursday]
  return [{ untilMs: 20_000, callerEvents: hangsUp(endMs), lines: [hello, over], session }]
}

const long = (factor: number) => reply({ when: beginsMs, id: 'a', text: hours, ms: 6000, sound: { hz: 600 }, factor })
/** It knows that it was stopped 60 ms after the caller was noticed. */
const cutLong = stopped(long(1.1), noticedMs(over) + 60)

function whileGenerating(): CallDraft[] {
  return [
    {
      name: 'barge-in-while-generating',
      description: {
        about: 'The caller speaks over an answer that the model is still generating; late deltas come.',
        greeting,
      },
      streams: spokenOver(cutLong),
    },
    {
      name: 'barge-in-by-the-model-alone',
      description: {
        about: 'The same without an ear of ours: the model alone hears it.',
        greeting,
        bargeIn: { by: 'model' },
      },
      streams: spokenOver(cutLong),
    },
    {
      name: 'barge-in-on-buffered-tail',
      description: {
        about: 'The caller speaks over an answer that the model has long finished sending.',
        greeting,
      },
      streams: spokenOver(long(12)),
    },
  ]
}

/** The model has begun to answer and sent no sound yet. */
function beforeTheFirstDelta(): CallDraft {
  const soon: Line = { atMs: beginsMs - 100, file: 'no-thursday.wav' }
  const late = reply({ when: beginsMs, id: 'a', text: hours, ms: 6000, sound: { hz: 600 }, factor: 1.1, thinkMs: 700 })
  const afterMs = answerMs(soon)
  return {
    name: 'barge-in-before-the-first-delta',
    description: {
      about: 'The caller speaks on when the model has begun to answer and sent no sound yet; deltas come after that.',
      greeting,
    },
    streams: [
      {
        untilMs: 20_000,
        callerEvents: hangsUp(afterMs + 2400),
        lines: [hello, soon],
        session: [
          ...opening,
          ...stopped(late, beginsMs + 650),
          ...turn(soon, 'item_c2', 'No, Thursday.'),
          ...reply({ when: afterMs, id: 'b', text: thursday, ms: 1600, sound: { hz: 800 } }),
        ],
      },
    ],
  }
}

/** A sound over an answer that the model has finished sending: its detector takes it for speech. */
function overAnAnswer(file: string): readonly StreamDraft[] {
  const line: Line = { atMs: beginsMs + 1500, file }
  const sound = { wav: 'for-two-friday-at-eight-thirty.wav' }
  const session = [
    ...opening,
    ...reply({ when: beginsMs, id: 'a', text: 'For two, Friday, at eight thirty?', ms: 4600, sound }),
    ...noise(line),
  ]
  return [{ untilMs: 20_000, callerEvents: hangsUp(beginsMs + 6500), lines: [hello, line], session }]
}

function falseBargeIns(): CallDraft[] {
  return [
    {
      name: 'false-barge-in-resumed',
      description: {
        about: 'The caller coughs over an answer, and the model takes it for speech: the answer is heard to its end.',
        greeting,
      },
      streams: overAnAnswer('cases/cough-hogs-default-es-poisoncough.wav'),
    },
    {
      name: 'hum-over-an-answer',
      description: {
        about: 'The caller hums along, and both ears take it for speech at first: the answer is heard to its end.',
        greeting,
      },
      streams: overAnAnswer('cases/backchannel-hogs-mobster-hmm.wav'),
    },
  ]
}

function echoes(): CallDraft[] {
  const answer = reply({
    ...{ when: beginsMs, id: 'a', text: 'For two, Friday, at eight thirty?', ms: 4600 },
    sound: { wav: 'for-two-friday-at-eight-thirty.wav' },
  })
  const echo = { levelDb: -20, delayMs: 120 }
  return [
    {
      name: 'own-echo',
      description: {
        about: "The agent's own sound comes back at -20 dB, 120 ms late: it is heard to its end.",
        greeting,
      },
      streams: [
        {
          ...{ untilMs: 20_000, callerEvents: hangsUp(beginsMs + 6000), lines: [hello], echo },
          session: [...opening, ...answer],
        },
      ],
    },
    {
      name: 'barge-in-over-own-echo',
      description: { about: "The caller speaks over an answer while the agent's own sound comes back.", greeting },
      streams: [
        {
          ...{ untilMs: 20_000, callerEvents: hangsUp(endMs), lines: [hello, over], echo },
          session: [...opening, ...answer, ...said, ...toThursday],
        },
      ],
    },
  ]
}

/** Who says when a turn is over is our own ear. */
function manualTurns(): CallDraft {
  const answers = (nth: number) => ({ after: 'end-turn', nth, ms: 350 })
  const words = (line: Line, itemId: string, text: string) => ({
    ...at(spanOf(line).toMs, 900),
    event: { type: 'transcript', speaker: 'caller', itemId, text, final: true },
  })
  return {
    name: 'manual-turns',
    description: {
      about: 'Our own ear begins and ends the turns, a barge-in among them; the model has no detector.',
      greeting,
      turnsBy: 'caller',
    },
    streams: [
      {
        untilMs: 20_000,
        callerEvents: hangsUp(endMs),
        lines: [hello, over],
        session: [
          words(hello, 'item_c1', 'Hello. Hours?'),
          words(over, 'item_c2', 'No, Thursday.'),
          ...greets,
          ...reply({ when: answers(1), id: 'a', text: hours, ms: 6000, sound: { hz: 600 }, factor: 12 }),
          ...reply({ when: answers(2), id: 'b', text: thursday, ms: 1600, sound: { hz: 800 } }),
        ],
      },
    ],
  }
}

/** A hum over an answer: what may have been a turn was none. */
function manualHum(): CallDraft {
  const hum: Line = { atMs: beginsMs + 1500, file: 'cases/backchannel-hogs-mobster-hmm.wav' }
  const answer = reply({
    ...{ when: { after: 'end-turn', ms: 350 }, id: 'a', text: 'For two, Friday, at eight thirty?', ms: 4600 },
    sound: { wav: 'for-two-friday-at-eight-thirty.wav' },
  })
  return {
    name: 'manual-turn-dropped',
    description: {
      about: 'Manual turns: the caller hums along; the answer is heard to its end, and the model forgets the hum.',
      greeting,
      turnsBy: 'caller',
    },
    streams: [
      {
        ...{ untilMs: 20_000, callerEvents: hangsUp(beginsMs + 6500), lines: [hello, hum] },
        session: [...greets, ...answer],
      },
    ],
  }
}

/** Calls in which the caller speaks, or does not, while the agent does. */
export function bargeIns(): readonly CallDraft[] {
  return [...whileGenerating(), beforeTheFirstDelta(), ...falseBargeIns(), ...echoes(), manualTurns(), manualHum()]
}
