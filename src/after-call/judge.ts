import type { Answer, Judged, Reading } from './analyst-messages.ts'
import { MAX_READ, readJsonObject } from './answer-json.ts'
import type { Shape } from './shape.ts'

/** Deeper than any analysis; what is much deeper still cannot be sent, kept or written down. */
const MAX_DEPTH = 32

/** Reads an answer. It belongs into the analyst's thread: what a model says may be made to take long to read. */
export function judge(answer: Answer, shape: Shape): Judged {
  if (!answer.ok) return answer
  return { ...answer, text: answer.text.slice(0, MAX_READ), reading: readingOf(answer.text, shape) }
}

function readingOf(text: string, shape: Shape): Reading {
  if (text.length > MAX_READ) return { problem: `it is longer than ${MAX_READ} characters` }
  const result = readJsonObject(text)
  if (result === undefined) return { problem: 'there is no JSON object in it' }
  if (isDeeper(result, MAX_DEPTH)) return { problem: `it is nested deeper than ${MAX_DEPTH}` }
  const problem = shape.problem(result)
  return problem === undefined ? { result } : { problem }
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((one) => isDeeper(one, depth - 1))
}
