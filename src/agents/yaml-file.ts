import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type ScalarTag } from 'yaml'

/** A YAML text as plain data, with where each thing stands. */
export interface YamlFile {
  readonly data: unknown
  /** The line [from 1] of what stands at this path, or of what it would stand in. */
  lineOf(path: readonly PropertyKey[]): number | undefined
}

/** Why a text is not taken, and in which line [from 1], where that is known. */
export interface YamlProblem {
  readonly line: number | undefined
  readonly message: string
}

/** Aliases within aliases may multiply to so many, and all that is written to so many nodes: a few hundred bytes can ask for billions. */
const MAX_ALIASES = 1000
const MAX_NODES = 200_000
/** Of a text that is no YAML at all, not every line is worth one. */
const MAX_PROBLEMS = 20

/**
 * Reads one YAML 1.2 document. `+15550100` is text there, not a number without its plus. Each problem with its line, in
 * words that repeat nothing of the file: it may hold keys.
 */
export function readYaml(text: string): YamlFile | { readonly problems: readonly YamlProblem[] } {
  const counter = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: counter,
    prettyErrors: false,
    stringKeys: true,
    merge: true,
    customTags: (tags) => tags.map((tag) => (isWholeNumber(tag) ? { ...tag, test: /^-?[0-9]+$/ } : tag)),
  })
  const lineAt = (offset: number | undefined) => (offset === undefined ? undefined : counter.linePos(offset).line)
  const wrong = [...document.errors, ...document.warnings].slice(0, MAX_PROBLEMS)
  if (wrong.length > 0) {
    return { problems: wrong.map(({ message, pos: [from] }) => ({ line: lineAt(from), message: plain(message) })) }
  }
  try {
    const data: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    if (isHuge(data)) return { problems: [{ line: undefined, message: 'its aliases stand for too much' }] }
    return { data, lineOf: (path) => lineAt(offsetOf(document.contents, path)) }
  } catch (error) {
    return { problems: [{ line: undefined, message: plain(error instanceof Error ? error.message : '') }] }
  }
}

function isWholeNumber(tag: unknown): tag is ScalarTag {
  const { tag: name, format } = tag as Partial<ScalarTag>
  return name === 'tag:yaml.org,2002:int' && format === undefined
}

/** The parser's words without what it quotes. */
function plain(message: string): string {
  return `not YAML that we read: ${message.split(/[:\n]/)[0]}`
}

/** Whether it has too many nodes for anybody to walk over, each counted as often as it is reached. */
function isHuge(data: unknown): boolean {
  const waiting: unknown[] = [data]
  for (let seen = 0; waiting.length > 0; seen++) {
    const next = waiting.pop()
    if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) waiting.push(inner)
    if (seen + waiting.length > MAX_NODES) return true
  }
  return false
}

function offsetOf(root: unknown, path: readonly PropertyKey[]): number | undefined {
  let node = root
  let offset: number | undefined
  for (const step of path) {
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === step) : undefined
    const next: unknown = isSeq(node) ? node.items[Number(step)] : pair?.value
    const place = pair === undefined ? next : pair.key
    if (!isNode(place)) return offset
    offset = place.range?.[0]
    node = next
  }
  return offset
}
