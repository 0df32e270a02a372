interface Rule {
  readonly pattern: RegExp
  readonly sentences: readonly string[] | 'greeting'
}

/** What a call asks its agent to do by itself, and how this one does it. The first that fits counts. */
const rules: readonly Rule[] = [
  { pattern: /\btime\b.*\b(over|up)\b/is, sentences: ['Our time is over.', 'Thank you for calling. Goodbye.'] },
  { pattern: /\bgood ?bye\b/i, sentences: ['I cannot hear you any more.', 'Thank you for calling. Goodbye.'] },
  { pattern: /\bend soon\b/i, sentences: ['We have to come to an end soon.'] },
  { pattern: /\b(still there|are you there|silent)\b/i, sentences: ['Are you still there?'] },
  {
    pattern: /\bnobody (could take|answered|took)\b/i,
    sentences: ['I am sorry.', 'Nobody could take your call.', 'How can I help you?'],
  },
  { pattern: /\bdigits have been sent\b/i, sentences: ['The keys are pressed.', 'How can I help you?'] },
  { pattern: /\b(greet|welcome|introduce)\b/i, sentences: 'greeting' },
]

const goOn = ['How can I help you?']

/**
 * What is said on instructions that no grammar can follow: a fitting sentence where there is one for them.
 * @returns `undefined` when nothing fits.
 */
export function instructed(instructions: string, greeting: readonly string[]): readonly string[] | undefined {
  const sentences = rules.find(({ pattern }) => pattern.test(instructions))?.sentences
  return sentences === 'greeting' ? greeting : (sentences ?? keysPressed([instructions]))
}

/** What is said of keys that the caller is written to have pressed; `undefined`: of none. */
export function keysPressed(messages: readonly string[]): readonly string[] | undefined {
  const keys = messages.map((message) => /\bpressed ((?:[\d*#] ?)+)/.exec(message)?.[1]).findLast((found) => found)
  if (keys === undefined) return undefined
  const names = [...keys.replaceAll(' ', '')].map((key) => ({ '*': 'star', '#': 'hash' })[key] ?? key)
  return [`You pressed ${names.join(', ')}.`, 'In this demo keys have no meaning.', ...goOn]
}

/** What is said when nothing is known of what is wanted: the greeting if it is the first word, else an offer. */
export function unguided(greeting: readonly string[], hasSpoken: boolean): readonly string[] {
  return hasSpoken ? goOn : greeting
}
