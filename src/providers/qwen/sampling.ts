/** How the model chooses its words; each absent value is the model's own default. */
export interface Sampling {
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly maxTokens?: number
  readonly repetitionPenalty?: number
  readonly presencePenalty?: number
  readonly seed?: number
}

interface Row {
  readonly key: keyof Sampling
  readonly wire: string
  readonly expected: string
  readonly right: (value: number) => boolean
}

const rows: readonly Row[] = [
  { key: 'temperature', wire: 'temperature', expected: '0 up to but not 2', right: (v) => v >= 0 && v < 2 },
  { key: 'topP', wire: 'top_p', expected: 'more than 0, at most 1', right: (v) => v > 0 && v <= 1 },
  { key: 'topK', wire: 'top_k', expected: 'a whole number from 0', right: (v) => Number.isInteger(v) && v >= 0 },
  {
    key: 'maxTokens',
    wire: 'max_tokens',
    expected: 'a whole number from 1',
    right: (v) => Number.isInteger(v) && v > 0,
  },
  { key: 'repetitionPenalty', wire: 'repetition_penalty', expected: 'more than 0', right: (v) => v > 0 },
  { key: 'presencePenalty', wire: 'presence_penalty', expected: '-2 to 2', right: (v) => v >= -2 && v <= 2 },
  {
    key: 'seed',
    wire: 'seed',
    expected: 'a whole number from -1 to 2147483647',
    right: (v) => Number.isInteger(v) && v >= -1 && v < 2 ** 31,
  },
]

/** What is wrong with these values, `field: expected …, got …`; `undefined` when nothing is. */
export function samplingProblem(sampling: Sampling): string | undefined {
  for (const { key, expected, right } of rows) {
    const value = sampling[key]
    if (value !== undefined && !(Number.isFinite(value) && right(value))) {
      return `${key}: expected ${expected}, got ${value}`
    }
  }
  return undefined
}

/** The same under the names of `session.update`. */
export function samplingFields(sampling: Sampling | undefined): Record<string, number> {
  const fields: Record<string, number> = {}
  for (const { key, wire } of rows) {
    const value = sampling?.[key]
    if (value !== undefined) fields[wire] = value
  }
  return fields
}
