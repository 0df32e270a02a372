import type { z } from 'zod'
import { type AgentDraft, numberKey } from './plan.ts'
import { type AgentPatch, type AgentsPatch, agentsSchema, fieldsAt } from './schema.ts'
import { suggestion } from './suggestion.ts'
import { CALLABLE, isCallable } from './values.ts'
import { readYaml } from './yaml-file.ts'

/** The agents of the file, with what they inherit; paths of recordings as they stand there. */
export interface AgentDrafts {
  readonly default: AgentDraft
  readonly numbers: ReadonlyMap<string, AgentDraft>
}

type Path = readonly PropertyKey[]
type Report = (path: Path, message: string) => void

/** What is wrong with the file: a line each, `line: path: reason`, in the file's order. */
export interface AgentsFileProblems {
  readonly problems: readonly string[]
}

/**
 * Reads the text of AGENTS_FILE. `env` is where `${NAME}` in headers comes from.
 *
 * ```
 *   text ─▶ YAML ─▶ headers filled in ─▶ schema ─▶ environment ◀ default ◀ number
 * ```
 */
export function readAgentsFile(
  text: string,
  environment: AgentDraft,
  env: Readonly<Record<string, string | undefined>>,
): AgentDrafts | AgentsFileProblems {
  const file = readYaml(text)
  if ('problems' in file) {
    return {
      problems: file.problems.map(({ line, message }) => (line === undefined ? message : `${line}: ${message}`)),
    }
  }
  const found: { readonly line: number; readonly text: string }[] = []
  const report: Report = (path, message) => {
    const line = file.lineOf(path)
    found.push({
      line: line ?? 0,
      text: [line, placeOf(path), message].filter((part) => part !== undefined).join(': '),
    })
  }
  const data = withoutGaps(filledHeaders(file.data, env, report))
  for (const number of keysOf(valueAt(data, ['numbers']))) {
    if (!isCallable(number.trim())) report(['numbers', number], `this name is not ${CALLABLE}`)
  }
  const read = agentsSchema.safeParse(data)
  if (!read.success) for (const issue of read.error.issues) reportIssue(issue, data, report)
  const drafts = read.success ? draftsOf(read.data, environment, report) : undefined
  if (drafts !== undefined && found.length === 0) return drafts
  return { problems: found.toSorted((a, b) => a.line - b.line).map((problem) => problem.text) }
}

/** `numbers."+15550100".httpTools[0].url` */
function placeOf(path: Path): string | undefined {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`
    const key = String(step)
    return `.${/^[\w-]+$/.test(key) ? key : JSON.stringify(key.slice(0, 60))}`
  })
  return steps.length === 0 ? undefined : steps.join('').replace(/^\./, '')
}

function reportIssue(issue: z.core.$ZodIssue, data: unknown, report: Report): void {
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(agentsSchema, issue.path)
    for (const key of issue.keys) report([...issue.path, key], `there is no such field${suggestion(key, known)}`)
    return
  }
  const shown = isPrivate(issue.path) ? '' : `, got ${shownOf(valueAt(data, issue.path))}`
  if (issue.code === 'invalid_type') {
    const kinds: Readonly<Record<string, string>> = { object: 'a map', record: 'a map', array: 'a list' }
    const what = kinds[issue.expected] ?? issue.expected
    report(issue.path, `expected ${what}${shown}`)
    return
  }
  if (issue.code === 'invalid_key') {
    report(issue.path, issue.issues[0]?.message ?? issue.message)
    return
  }
  report(issue.path, issue.message.startsWith('expected ') ? `${issue.message}${shown}` : issue.message)
}

/** Tools and servers of others may hold keys anywhere: what came is not repeated. */
function isPrivate(path: Path): boolean {
  return path.includes('httpTools') || path.includes('mcpServers')
}

function shownOf(got: unknown): string {
  if (got === null || got === undefined) return 'nothing'
  if (Array.isArray(got)) return 'a list'
  if (typeof got === 'object') return 'a map'
  const text = JSON.stringify(got)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, step) => (isMap(at) || Array.isArray(at) ? Reflect.get(at, step) : undefined), data)
}

function keysOf(data: unknown): readonly string[] {
  return isMap(data) ? Object.keys(data) : []
}

function isMap(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}

/** `default:` with nothing under it, and a number with nothing of its own, are maps without entries. */
function withoutGaps(data: unknown): unknown {
  if (data === null) return {}
  if (!isMap(data)) return data
  const maps = Object.fromEntries(Object.entries(data).map(([key, inner]) => [key, inner ?? {}]))
  const { numbers } = maps
  if (!isMap(numbers)) return maps
  return { ...maps, numbers: Object.fromEntries(Object.entries(numbers).map(([key, agent]) => [key, agent ?? {}])) }
}

/** The file with `${NAME}` in headers' values replaced: no key needs to stand in it. Nowhere else. */
function filledHeaders(data: unknown, env: Readonly<Record<string, string | undefined>>, report: Report): unknown {
  const fill = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) return value.map((item, i) => fill(item, [...path, i]))
    if (isMap(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner, [...path, key])]))
    }
    if (typeof value !== 'string' || !isHeader(path)) return value
    return value.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
      const found = Object.hasOwn(env, name) ? env[name] : undefined
      if (found === undefined || found === '') report(path, `the environment has no ${name.slice(0, 60)} to give`)
      return found ?? ''
    })
  }
  return fill(data, [])
}

function isHeader(path: Path): boolean {
  const [, list, , headers] = path[0] === 'numbers' ? path.slice(1) : path
  return (list === 'httpTools' || list === 'mcpServers') && headers === 'headers'
}

function draftsOf(patch: AgentsPatch, environment: AgentDraft, report: Report): AgentDrafts {
  const fallback = merged(environment, patch.default ?? {})
  const numbers = new Map<string, AgentDraft>()
  for (const [number, change] of Object.entries(patch.numbers ?? {})) {
    const key = numberKey(number)
    if (numbers.has(key)) report(['numbers', number], 'this number has an agent already')
    numbers.set(key, merged(fallback, change))
  }
  return { default: fallback, numbers }
}

/** What the patch says, and for the rest what `base` says. Lists and `transferTargets` are taken whole. */
function merged(base: AgentDraft, patch: AgentPatch): AgentDraft {
  const { name, turns, bargeIn, limits, smsFrom, greeting, greetingAudio, ...plain } = patch
  // A recording and the words in it belong together: who sets one of them does not inherit the other.
  const greets = greeting !== undefined || greetingAudio !== undefined
  return {
    ...base,
    // Two agents of one name could not be told apart: it is not inherited.
    name,
    ...given(plain),
    ...(greets ? { greeting, greetingAudio } : {}),
    ...(smsFrom === undefined ? {} : { smsFrom: smsFrom === '' ? undefined : smsFrom }),
    turns: { ...base.turns, ...given(turns ?? {}) },
    bargeIn: { ...base.bargeIn, ...given(bargeIn ?? {}) },
    limits: { ...base.limits, ...given(limits ?? {}) },
  }
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the fields that are `undefined`. */
function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>
}
