import { answerMs, type CallDraft, greeting, hangsUp, hello, hours, type Line, opening, reply, turn } from './draft.ts'

const beginsMs = answerMs(hello)
const long = reply({ when: beginsMs, id: 'a', text: hours, ms: 6000, sound: { hz: 600 } })

function twoTurns(): CallDraft {
  const bye: Line = { atMs: beginsMs + 3000, file: 'thank-you-goodbye.wav' }
  return {
    name: 'two-turns',
    description: { about: 'A greeting and two plain turns; everything is heard.', greeting },
    streams: [
      {
        ...{ connectMs: 240, untilMs: 14_000, callerEvents: hangsUp(answerMs(bye) + 1500), lines: [hello, bye] },
        session: [
          ...opening,
          ...reply({ when: beginsMs, id: 'a', text: hours, ms: 2600, sound: { hz: 600 } }),
          ...turn(bye, 'item_c2', 'Thank you, goodbye.'),
          ...reply({ when: answerMs(bye), id: 'b', text: 'Goodbye.', ms: 700, sound: { hz: 700 } }),
        ],
      },
    ],
  }
}

function brokenOff(): CallDraft[] {
  return [
    {
      name: 'hang-up-mid-answer',
      description: { about: 'The caller hangs up in the middle of an answer.', greeting },
      streams: [
        {
          ...{ untilMs: 20_000, callerEvents: hangsUp(beginsMs + 1200), lines: [hello] },
          session: [...opening, ...long],
        },
      ],
    },
    {
      name: 'model-lost',
      description: {
        about: 'The socket to the model breaks in the middle of an answer; another session goes on.',
        greeting,
      },
      streams: [
        {
          ...{ untilMs: 20_000, callerEvents: hangsUp(beginsMs + 5000), lines: [hello] },
          session: [
            ...opening,
            ...long.slice(0, 15),
            { atMs: beginsMs + 800, event: { type: 'closed', error: 'the socket broke' } },
            ...reply({
              when: { after: 'respond', ms: 400 },
              id: 'b',
              text: 'From noon to ten.',
              ms: 1200,
              sound: { hz: 700 },
            }),
          ],
        },
      ],
    },
  ]
}

/** The agent opens with a recording, which is heard before the model is there. */
function recordedGreeting(): CallDraft {
  return {
    name: 'recorded-greeting',
    description: {
      about: 'A recorded greeting is heard while the model connects; the model knows its words.',
      greetingSound: { wav: 'hello.wav', words: 'Hello.' },
    },
    streams: [
      {
        ...{ connectMs: 900, untilMs: 20_000, callerEvents: hangsUp(beginsMs + 3000), lines: [hello] },
        session: [
          ...turn(hello, 'item_c1', 'Hello. Hours?'),
          ...reply({ when: beginsMs, id: 'a', text: 'From noon to ten.', ms: 1200, sound: { hz: 600 } }),
        ],
      },
    ],
  }
}

/** The model takes long: a sound covers the wait, and yields to the answer. */
function filler(): CallDraft {
  return {
    name: 'filler-before-a-late-answer',
    description: {
      about: 'The model takes 2 s to answer: a recording covers the silence and yields to the answer.',
      greeting,
      manners: { fillerAfterMs: 900, filler: 'three-people.wav' },
    },
    streams: [
      {
        ...{ untilMs: 20_000, callerEvents: hangsUp(beginsMs + 4500), lines: [hello] },
        session: [
          ...opening,
          ...reply({ when: beginsMs + 1100, id: 'a', text: 'From noon to ten.', ms: 1200, sound: { hz: 600 } }),
        ],
      },
    ],
  }
}

function digits(): CallDraft {
  const pressMs = beginsMs + 1500
  const keys = ['4', '2', '#'].map((digit, i) => ({ atMs: pressMs + i * 300, type: 'dtmf', digit }))
  return {
    name: 'digits-over-an-answer',
    description: {
      about: 'The caller keys in 42# over an answer: it stops, and the model is told what was keyed in.',
      greeting,
      bargeIn: { onDigits: true },
    },
    streams: [
      {
        ...{ untilMs: 20_000, callerEvents: [...keys, ...hangsUp(pressMs + 4000)], lines: [hello] },
        session: [
          ...opening,
          ...long,
          ...reply({
            ...{ when: { after: 'respond', nth: 2, ms: 300 }, id: 'b', text: 'Table forty-two.', ms: 1200 },
            sound: { hz: 800 },
          }),
        ],
      },
    ],
  }
}

/** Calls in which nobody interrupts by voice, and nothing is asked of tools. */
export function plainCalls(): readonly CallDraft[] {
  return [twoTurns(), ...brokenOff(), recordedGreeting(), filler(), digits()]
}
