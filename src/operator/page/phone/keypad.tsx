import type { JSX } from 'preact'
import { type PhoneWordKey, p } from './words.ts'

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const

/** What stands below the digits, as on any phone. */
const LETTERS: Readonly<Record<string, string>> = {
  ...{ 2: 'ABC', 3: 'DEF', 4: 'GHI', 5: 'JKL', 6: 'MNO', 7: 'PQRS', 8: 'TUV', 9: 'WXYZ' },
}

/** Not every screen reader reads signs out. */
const NAMES: Readonly<Record<string, PhoneWordKey>> = { '*': 'star', '#': 'hash' }

/** Whether this is a key of a telephone. */
export function isPhoneKey(key: string): boolean {
  return /^[0-9*#]$/.test(key)
}

/** The twelve keys of a telephone. */
export function Keypad({ disabled, onPress }: { disabled: boolean; onPress: (key: string) => void }): JSX.Element {
  return (
    <fieldset class="keypad" disabled={disabled}>
      <legend class="sr-only">{p('keypad')}</legend>
      {KEYS.map((key) => (
        <button key={key} type="button" class="keypad-key" onClick={() => onPress(key)}>
          <span>
            <span class="sr-only">{p('key')} </span>
            {key}
            {NAMES[key] !== undefined && <span class="sr-only"> {p(NAMES[key])}</span>}
          </span>{' '}
          <small>{LETTERS[key]}</small>
        </button>
      ))}
    </fieldset>
  )
}
