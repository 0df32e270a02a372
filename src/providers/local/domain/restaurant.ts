import type { Domain, Reply } from './domain.ts'
import { type FormScript, formDialogue } from './form-dialogue.ts'
import { numberIn, peopleIn, sayNumber, sayTime, timeIn } from './spoken.ts'

/*
 * The front desk of a small restaurant: everything that callers may say, and everything that is said to them. To make
 * the agent another one, write another file like this.
 */

/**
 * What callers may say. Every reference to a rule is a copy of it in the search, and each choice makes all others less
 * sure: a rule for the details of a booking that was used four times, as a free loop, took 0.47 of real time, this one 0.07.
 */
const grammar = `#JSGF V1.0;
grammar restaurant;

<sentence> = [<hello>] ( [<lead>] <details> | <ask> ) [please] | <hello> | <answer>;

<hello> = hello | hi | good evening | good morning;
<lead> = <book> | no | actually | [no] make ( it | that ) | change ( it | that | the time | the day ) to | i said;
<book> = [<want>] ( book | reserve | make | get | have ) <table> | <want> <table> | <table>;
<want> = ( i'd | i would | we'd | we would ) like [to] | ( i | we ) ( want | need ) [to] | ( can | could | may ) ( i | we );
<table> = [a] ( table | reservation | booking );

<details> = <party> [<when>] | <when> [<party>];
<party> = [[a party] ( for | of )] <number> [people | persons | guests];
<when> = [on | for] <day> [<time>] | <time> [[on | for] <day>];
<day> = monday | tuesday | wednesday | thursday | friday | saturday | sunday | today | tonight | tomorrow [night | evening];
<time> = at <number> | [at] ( <number> <clock> [<half>] | <number> <half> | ( half past | quarter past | quarter to ) <number> )
       | at noon;
<clock> = thirty | fifteen | forty five | o'clock;
<half> = a m | p m | in the ( morning | afternoon | evening );
<number> = one | two | three | four | five | six | seven | eight | nine | ten | eleven | twelve;

<answer> = yes [please] | yeah | yep | correct | [this | that] is ( correct | right ) | that's ( correct | right )
         | no [thanks | thank you] | nope | that's wrong
         | [okay] thank you [very much] | thanks | okay
         | [thank you] goodbye | bye [bye] | [no] that's all;

<ask> = <book>
      | cancel [it | that | ( my | the ) ( table | booking | reservation )] | cancelled | never mind
      | [opening] hours | what are your [opening] hours | ( when | what time ) do you ( open | close )
      | [when] are you open [[on] <day>]
      | [the] ( address | location ) | directions | where are you [located] | ( what's | what is ) ( your | the ) address
      | how do i ( get there | find you )
      | [the] menu | ( what's | what is ) on the menu | what [kind of] food do you ( serve | have )
      | do you have [any] ( vegetarian | vegan ) ( food | dishes | options )
      | prices | what are your prices | how much is ( it | dinner | lunch | a meal ) | how much does it cost
      | [an | the] operator | <want> ( speak | talk ) ( to | with ) ( <person> | the manager ) | transfer [me]
      | repeat [that] | say that again | [please] try again | pardon [me] | what did you say | ( can | could ) you repeat that
      | help | what can you do | what can i ( say | ask )
      | who are you | ( are you | is this ) ( <person> | a ( robot | machine | computer | recording ) ) | who am i talking to;
<person> = a [real] ( human | person ) | someone | somebody;
`

interface Booking {
  people: number
  /** As callers name it: "friday", "tomorrow". */
  day: string
  /** `HH:MM`. */
  time: string
}

const DAY = /\b(monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|tonight|tomorrow)\b/
/** What may stand before a bare number. */
const LEAD = /^(no|actually|i said|(no )?make (it|that)|change (it|that|the time|the day) to) /
const CAN_ASK = 'You can ask about opening hours, the address, the menu or prices, or book a table.'

const person: Reply = {
  sentences: ['I am sorry.', 'In this demo there is no person to connect you to.'],
  toolCall: { name: 'transfer_call', args: { destination: 'staff' } },
}

/** "friday" as "on Friday", "tomorrow" as it is. */
function sayDay(day: string): string {
  return /day$/.test(day) && day !== 'today' ? `on ${day.charAt(0).toUpperCase()}${day.slice(1)}` : day
}

function sayTable({ people, day, time }: Booking): string {
  return `a table for ${sayNumber(people)}, ${sayDay(day)}, at ${sayTime(time)}`
}

function hoursOn(text: string): Reply {
  if (/monday/.test(text)) return { sentences: ['We are closed on Mondays.', 'On all other days we open at noon.'] }
  const day = DAY.exec(text)?.[1]
  if (day !== undefined) return { sentences: [`Yes, we are open ${sayDay(day)}.`, 'From noon to ten in the evening.'] }
  return { sentences: ['We are open from noon to ten.', 'That is Tuesday to Sunday.', 'We are closed on Mondays.'] }
}

const script: FormScript<Booking> = {
  topics: [
    {
      pattern: /\b(goodbye|bye|that's all)\b/,
      reply: () => ({ sentences: ['Goodbye.', 'Thank you for calling.'], ends: true }),
    },
    { pattern: /\b(hours|open|close)\b/, reply: hoursOn },
    {
      pattern: /\b(address|location|directions|where are you|get there|find you)\b/,
      reply: () => ({ sentences: ['We are at twelve Harbour Street.', 'It is two minutes on foot from the station.'] }),
    },
    {
      pattern: /\b(vegetarian|vegan)\b/,
      reply: () => ({ sentences: ['Yes, we do.', 'There is a vegetable curry, and a mushroom pie.'] }),
    },
    {
      pattern: /\b(menu|food)\b/,
      reply: () => ({
        sentences: ['We cook simple food.', 'There is grilled fish, roast chicken, and a vegetable curry.'],
      }),
    },
    {
      pattern: /\b(prices|how much)\b/,
      reply: () => ({ sentences: ['A main course is fifteen dollars.', 'Three courses are twenty eight dollars.'] }),
    },
    {
      pattern: /\b(are you a|is this a|are you some|is this some|who are you|who am i)\b/,
      reply: () => ({
        sentences: [
          'I am a computer program.',
          'I am the offline demo agent of Offhook, and I know only a few sentences.',
          CAN_ASK,
        ],
      }),
    },
    { pattern: /\b(operator|speak|talk|transfer)\b/, reply: () => person },
    { pattern: /\b(help|what can)\b/, reply: () => ({ sentences: ['Of course.', CAN_ASK] }) },
    { pattern: /^(okay )?(thank you( very much)?|thanks)$/, reply: () => ({ sentences: ['You are welcome.'] }) },
    {
      pattern: /^(hello|hi|good evening|good morning)( please)?$/,
      reply: () => ({ sentences: ['Hello.', 'How can I help you?', CAN_ASK] }),
    },
  ],
  slots: [
    { name: 'people', question: ['For how many people?'] },
    { name: 'day', question: ['For which day?'] },
    { name: 'time', question: ['At what time?'] },
  ],
  opens: /\b(table|reservation|booking)\b/,
  cancels: /\b(cancel|cancelled|never mind)\b/,
  repeats: /\b(repeat|again|pardon|did you say)\b/,
  agrees: /^(yes|yeah|yep|okay|correct|this is|that is|is|that's)( correct| right)?( please)?$/,
  refuses: /^(no|nope|that's wrong)\b/,
  read(heard, asked) {
    const text = heard.replace(LEAD, '').replace(/ please$/, '')
    const people = peopleIn(text) ?? (asked === 'people' ? numberIn(text) : undefined)
    const day = DAY.exec(text)?.[1]
    const time = timeIn(text, asked === 'time')
    return {
      ...(people === undefined ? {} : { people }),
      ...(day === undefined ? {} : { day }),
      ...(time === undefined ? {} : { time }),
    }
  },
  objection({ people, day, time }) {
    if (people !== undefined && people > 10) {
      return {
        slot: 'people',
        sentences: ['Sorry, that is too many.', 'We have tables for up to ten.', 'For how many people?'],
      }
    }
    if (day === 'monday') return { slot: 'day', sentences: ['We are closed on Mondays.', 'Which other day?'] }
    if (time !== undefined && (time < '12:00' || time > '21:30')) {
      return {
        slot: 'time',
        sentences: ['We are not open then.', 'We open at noon, and the last table is at nine thirty.', 'At what time?'],
      }
    }
    return undefined
  },
  confirm: (booking) => [`So, ${sayTable(booking)}.`, 'Is that right?'],
  accept: (booking) => ({
    sentences: ['Great.', `In this demo I only pretend to write it down: ${sayTable(booking)}.`],
    toolCall: { name: 'book_table', args: { ...booking } },
  }),
  toolResult: (name, output) => {
    if (name !== 'book_table') return ['All right.']
    return /error|fail/i.test(output)
      ? ['I am sorry.', 'The booking did not work.']
      : ['Great.', 'Your table is booked.']
  },
  phrases: {
    notUnderstood: [
      ['Sorry, I did not understand.', CAN_ASK],
      [
        'Sorry, again I did not understand.',
        'I know only short sentences.',
        'For example: what are your opening hours?',
      ],
    ],
    offerPerson: ['I am sorry.', 'We do not understand each other.', 'Shall I try to connect you to a person?'],
    person,
    anythingElse: ['Is there anything else?'],
    goodbye: ['All right.', 'Thank you for calling. Goodbye.'],
    cancelled: ['All right, it is cancelled.'],
    nothingToCancel: ['There is no booking in this call.'],
    whatToChange: ['All right.', 'What should I change: the people, the day or the time?'],
    goOn: ['All right.', 'What would you like?', CAN_ASK],
  },
}

/** The default domain of the embedded agent. */
export const restaurant: Domain = {
  name: 'restaurant',
  grammar,
  greeting: [
    'Hello.',
    'This is the offline demo agent of a small restaurant: a computer program that knows a few sentences.',
    'You can book a table, or ask about opening hours, the address, the menu or prices.',
  ].join(' '),
  start: () => formDialogue(script),
}
