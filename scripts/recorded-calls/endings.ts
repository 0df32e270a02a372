import {
  answerMs,
  type CallDraft,
  greeting,
  greets,
  hangsUp,
  hello,
  type Line,
  opening,
  reply,
  type StreamDraft,
  turn,
  type When,
} from './draft.ts'

const wants: Line = { atMs: 1500, file: 'an-operator.wav' }
const towards = (greeted: StreamDraft['session']): StreamDraft => ({
  untilMs: 20_000,
  lines: [wants],
  session: [
    ...turn(wants, 'item_c1', 'An operator.'),
    ...greeted,
    ...reply({
      ...{ when: answerMs(wants), id: 'a', text: 'I connect you to the desk.', ms: 1600, sound: { hz: 600 } },
      calls: [{ toolCallId: 'call_1', name: 'transfer_call', args: '{"destination":"desk"}' }],
    }),
  ],
})
const tools = [{ transfer_call: { desk: '+15550100' } }]

function transfers(): CallDraft[] {
  const thanks: Line = { atMs: 3600, file: 'no-thank-you.wav' }
  const words = 'Good evening, this is the Harbour Restaurant. How may I help you?'
  const long = reply({ when: { after: 'respond', ms: 120 }, id: 'greeting', text: words, ms: 3600, sound: { hz: 500 } })
  const sorry = 'Nobody could take the call. May I help you?'
  return [
    {
      name: 'transfer-answered',
      description: {
        about: 'The caller is announced, handed over when that was heard, and the human takes the call.',
        ...{ greeting, tools, dialled: ['completed'] },
      },
      streams: [towards(greets)],
    },
    {
      name: 'transfer-not-answered',
      description: {
        about:
          'The human does not answer: the caller, who cut the greeting short, comes back to an agent that knows it.',
        ...{ greeting, tools, dialled: ['no-answer'] },
      },
      streams: [
        towards(long),
        {
          ...{ untilMs: 20_000, lines: [thanks], callerEvents: hangsUp(answerMs(thanks) + 1500) },
          session: [
            ...turn(thanks, 'item_d1', 'No, thank you.'),
            ...reply({ when: { after: 'respond', ms: 250 }, id: 'd', text: sorry, ms: 2400, sound: { hz: 700 } }),
            ...reply({ when: answerMs(thanks), id: 'e', text: 'Goodbye.', ms: 700, sound: { hz: 500 } }),
          ],
        },
      ],
    },
  ]
}

/** An agent that finds its way through a menu: the stream ends while the keys are played. */
function keysSent(): CallDraft[] {
  const calls = [{ toolCallId: 'call_1', name: 'send_dtmf', args: '{"digits":"42#"}' }]
  const before: StreamDraft = {
    ...{ untilMs: 20_000, lines: [hello] },
    session: [
      ...opening,
      ...reply({ when: answerMs(hello), id: 'a', text: 'One moment.', ms: 800, sound: { hz: 600 }, calls }),
    ],
  }
  const back = (id: string, nth: number, text: string) =>
    reply({ when: { after: 'respond', nth, ms: 250 }, id, text, ms: 900, sound: { hz: 700 } })
  const description = { greeting, tools: ['send_dtmf'] }
  return [
    {
      name: 'keys-sent',
      description: { about: 'The agent presses keys, and goes on with the call in a new stream.', ...description },
      streams: [
        before,
        { untilMs: 20_000, lines: [], callerEvents: hangsUp(3000), session: back('b', 1, 'I am back.') },
      ],
    },
    {
      name: 'time-up-in-a-second-stream',
      description: {
        about: 'The longest time of a call is that of all its streams: it is up in the second, after 2.2 s of it.',
        ...{ ...description, manners: { maxCallMs: 7000 } },
      },
      streams: [
        before,
        { untilMs: 20_000, lines: [], session: [...back('b', 1, 'I am back.'), ...back('c', 2, 'Time is up.')] },
      ],
    },
  ]
}

function goodbyes(): CallDraft[] {
  const bye: Line = { atMs: 1500, file: 'thank-you-goodbye.wav' }
  const over: Line = { atMs: answerMs(bye) + 800, file: 'no-thursday.wav' }
  const calls = [{ toolCallId: 'call_1', name: 'end_call', args: '{}' }]
  const goodbye = (ms: number) =>
    reply({ when: answerMs(bye), id: 'a', text: 'Goodbye, and thank you for calling.', ms, sound: { hz: 600 }, calls })
  const silent = reply({ when: answerMs(bye), id: 'a', text: '', ms: 0, sound: { hz: 600 }, calls })
  const asked: When = { after: 'answer-tool', ms: 250 }
  const description = { greeting, tools: ['end_call'] }
  const said = [...turn(bye, 'item_c1', 'Thank you, goodbye.'), ...greets]
  return [
    {
      name: 'goodbye',
      description: {
        about: 'The agent says goodbye and ends the call in one answer: it is heard first.',
        ...description,
      },
      streams: [{ untilMs: 20_000, lines: [bye], session: [...said, ...goodbye(1800)] }],
    },
    {
      name: 'goodbye-after-the-tool',
      description: {
        about: 'The model ends the call without a word: it is asked for its goodbye first.',
        ...description,
      },
      streams: [
        {
          ...{ untilMs: 20_000, lines: [bye] },
          session: [
            ...said,
            ...silent,
            ...reply({ when: asked, id: 'b', text: 'Goodbye.', ms: 800, sound: { hz: 700 } }),
          ],
        },
      ],
    },
    {
      name: 'goodbye-talked-over',
      description: { about: 'The caller talks over the goodbye: the agent stays and answers.', ...description },
      streams: [
        {
          ...{ untilMs: 20_000, lines: [bye, over], callerEvents: hangsUp(answerMs(over) + 3000) },
          session: [
            ...said,
            ...goodbye(4000),
            ...turn(over, 'item_c2', 'No, Thursday.'),
            ...reply({ when: answerMs(over), id: 'b', text: 'On Thursday until eight.', ms: 1400, sound: { hz: 800 } }),
          ],
        },
      ],
    },
  ]
}

function idleGoodbye(): CallDraft {
  const prompted = (nth: number): When => ({ after: 'respond', nth, ms: 200 })
  return {
    name: 'idle-goodbye',
    description: {
      about: 'The caller says nothing: the agent asks once, says goodbye, and leaves when that was heard.',
      greeting,
      manners: { idlePromptMs: 3000, idlePromptsMax: 1 },
    },
    streams: [
      {
        ...{ untilMs: 20_000, lines: [] },
        session: [
          ...greets,
          ...reply({ when: prompted(2), id: 'a', text: 'Are you still there?', ms: 1200, sound: { hz: 600 } }),
          ...reply({ when: prompted(3), id: 'b', text: 'Goodbye, call again.', ms: 1400, sound: { hz: 700 } }),
        ],
      },
    ],
  }
}

function timeUp(): CallDraft {
  const prompted = (nth: number): When => ({ after: 'respond', nth, ms: 200 })
  return {
    name: 'time-up',
    description: {
      about: 'The call has lasted as long as it may: the agent warns, says goodbye, and leaves when that was heard.',
      greeting,
      manners: { maxCallMs: 8000, warnMs: 3000 },
    },
    streams: [
      {
        ...{ untilMs: 20_000, lines: [hello] },
        session: [
          ...opening,
          ...reply({ when: answerMs(hello), id: 'a', text: 'From noon to ten.', ms: 2000, sound: { hz: 600 } }),
          ...reply({ when: prompted(2), id: 'b', text: 'Time is short.', ms: 900, sound: { hz: 700 } }),
          ...reply({ when: prompted(3), id: 'c', text: 'Time is up, goodbye.', ms: 1400, sound: { hz: 800 } }),
        ],
      },
    ],
  }
}

/** Two tools of one answer, which are done while it is still heard; and one that the caller speaks over. */
function toolCalls(): CallDraft[] {
  const beginsMs = answerMs(hello)
  const slow = (answersAfterMs: number) => [{ name: 'find_table', answersAfterMs, output: { table: 4 } }]
  const call = { toolCallId: 'call_1', name: 'find_table', args: '{"people":2}' }
  const moment = (ms: number, calls: (typeof call)[]) =>
    reply({ when: beginsMs, id: 'a', text: 'One moment, I look that up for you.', ms, sound: { hz: 600 }, calls })
  const found = (when: When) => reply({ when, id: 'b', text: 'Table four is free.', ms: 1200, sound: { hz: 800 } })
  const over: Line = { atMs: beginsMs + 1000, file: 'no-thursday.wav' }
  return [
    {
      name: 'tool-during-speech',
      description: {
        about: 'Two tools run and are done while the agent is heard: not a word is lost, and one answer follows both.',
        ...{ greeting, tools: [...slow(500), { name: 'find_menu', answersAfterMs: 900, output: 'fish' }] },
      },
      streams: [
        {
          ...{ untilMs: 20_000, lines: [hello], callerEvents: hangsUp(beginsMs + 5000) },
          session: [
            ...opening,
            ...moment(2400, [call, { toolCallId: 'call_2', name: 'find_menu', args: '' }]),
            ...found({ after: 'answer-tool', nth: 2, ms: 250 }),
          ],
        },
      ],
    },
    {
      name: 'tool-while-the-caller-speaks',
      description: {
        about: 'The caller speaks over the agent while a tool is at work: the agent yields, and the tool is answered.',
        ...{ greeting, tools: slow(2000) },
      },
      streams: [
        {
          ...{ untilMs: 20_000, lines: [hello, over], callerEvents: hangsUp(answerMs(over) + 2000) },
          session: [
            ...opening,
            ...moment(2400, [call]),
            ...turn(over, 'item_c2', 'No, Thursday.'),
            ...found(answerMs(over)),
          ],
        },
      ],
    },
  ]
}

/** Calls in which the agent leaves, hands over, or waits for a tool. */
export function endings(): readonly CallDraft[] {
  return [...transfers(), ...keysSent(), ...goodbyes(), idleGoodbye(), timeUp(), ...toolCalls()]
}
