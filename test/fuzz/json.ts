import type { Random } from './random.ts'

/** JSON that is still in pieces, so that it can be made wrong: the text of a value, or an object's fields in order. */
export type Piece = string | readonly Field[]
type Field = readonly [key: string, value: Piece]

/** Takes a frame to pieces; arrays stay whole. */
export function piecesOf(value: unknown): Piece {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value) ?? 'null'
  return Object.entries(value).map(([key, field]) => [key, piecesOf(field)] as const)
}

/** Puts it together, in the models' style (a space behind colons and commas) or in Twilio's. */
export function textOf(piece: Piece, spaced: boolean): string {
  if (typeof piece === 'string') return piece
  const [comma, colon] = spaced ? [', ', ': '] : [',', ':']
  return `{${piece.map(([key, value]) => `${JSON.stringify(key)}${colon}${textOf(value, spaced)}`).join(comma)}}`
}

/** One thing about the frame is other than a peer would have it. */
export function bend(piece: Piece, random: Random): Piece {
  if (typeof piece === 'string') return oddValue(random, piece)
  if (piece.length === 0) return oddValue(random, '{}')
  const at = random.below(piece.length)
  const field = piece[at]
  if (field === undefined) return piece
  const [key, value] = field
  switch (random.below(8)) {
    case 0:
      return piece.toSpliced(at, 1)
    case 1: // The last one counts, for JSON.parse.
      return [...piece, [key, oddValue(random, textOf(value, false))]]
    case 2:
      return piece.toSpliced(at, 1).toSpliced(random.below(piece.length), 0, field)
    case 3:
      return piece.with(at, [random.pick(['__proto__', 'constructor', 'toString', '', key.toUpperCase()]), value])
    default:
      return piece.with(at, [
        key,
        typeof value === 'string' || random.oneIn(4) ? oddValue(random, textOf(value, false)) : bend(value, random),
      ])
  }
}

/** Values that no peer would send there. Line by line: numbers, texts, what is no JSON at all, and containers. */
const odd: readonly [string, ...string[]] = [
  'null',
  ...'true false 0 -0 -1 1e999 -1e999 1e-999 9007199254740993 0.1'.split(' '),
  ...'"" "0" "-1" "1e3" "99999999999999999999" "NaN" "\\u0000" "\\ud800" "\\udfff" "\\u22\\u5c" "AAAA====" "AA-_"'.split(
    ' ',
  ),
  ...['" "', '"\ud83d"', '"\u202e\u0000é漢🎧"', '"AA\\nAA"', '"AA\nAA"', '"AA AA"'],
  ...['NaN', 'Infinity', 'undefined', ''],
  ...'{} [] [null] {"toString":1,"valueOf":1} {"toString":null} {"length":1e9} {"__proto__":{"x":1}}'.split(' '),
]

function oddValue(random: Random, was: string): string {
  switch (random.below(12)) {
    case 0:
      return nested(
        random.pick(['[', '{"a":', '[[{"b":']),
        random.oneIn(40) ? random.pick([2000, 30_000]) : 3 + random.below(40),
      )
    case 1:
      return `"${random.pick(['A', '0', 'é', '\\u0041', '"', '\\', '=', '\u0000']).repeat(random.oneIn(20) ? 4000 : random.pick([1, 5, 200]))}"`
    case 2:
      return `[${was}]`
    case 3:
      return JSON.stringify(was)
    case 4:
      return `${random.below(2) === 0 ? '-' : ''}${random.next()}${'0'.repeat(random.below(30))}`
    default:
      return random.pick(odd)
  }
}

/** Mostly closed again. */
function nested(open: string, depth: number): string {
  const close = [...open.replace(/"[^"]*":/g, '')].reverse().map((bracket) => (bracket === '{' ? '}' : ']'))
  return `${open.repeat(depth)}1${close.join('').repeat(depth)}`
}

/** The text itself is damaged on its way. */
export function damageText(text: string, random: Random, other: string): string {
  const at = random.below(text.length + 1)
  switch (random.below(8)) {
    case 0:
      return text.slice(0, at)
    case 1:
      return text.slice(at)
    case 2:
      return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(8))) + text.slice(at + 1)
    case 3:
      return text.slice(0, at) + text.slice(random.below(text.length + 1))
    case 4:
      return text.slice(0, at) + other.slice(random.below(other.length + 1))
    case 5:
      return text.slice(0, at) + String.fromCharCode(random.below(0x10000)) + text.slice(at)
    case 6:
      return random.pick(['\ufeff', ' ', '\n', '[', '\u0000']) + text
    default:
      return text + random.pick([' ', '\n', '}', ',', 'x', '\u0000'])
  }
}
