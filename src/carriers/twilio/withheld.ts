/**
 * What Twilio says instead of a number that is withheld: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE as typed
 * on a keypad. They look like E.164, and whoever took one for a number would reach a stranger or nobody.
 */
const withheld: ReadonlySet<string> = new Set(['+266696687', '+7378742833', '+2562533', '+8656696', '+86282452253'])

export function isWithheld(number: string): boolean {
  return withheld.has(number)
}
