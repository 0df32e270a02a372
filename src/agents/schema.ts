import { z } from 'zod'
import { httpToolSpec } from '../tools/http-tool.ts'
import { mcpServerSpec } from '../tools/mcp-toolset.ts'
import { templateProblems } from './template.ts'
import {
  bargeInBy,
  bounds,
  builtinTool,
  DIALABLE,
  dialable,
  SMS_SENDER,
  smsSender,
  TARGET_NAME,
  targetName,
  turnDetection,
} from './values.ts'

/** Marks a message as ours: "expected …", to which what came is added. */
const expecting = (what: string) => `expected ${what}`

/** A value of any kind, and what is said when it is another. */
function value<T>(schema: z.ZodType<T>, what: string) {
  return z.unknown().transform((got, context): T => {
    const result = schema.safeParse(got)
    if (result.success) return result.data
    context.addIssue({ code: 'custom', message: expecting(what) })
    return z.NEVER
  })
}

const whole = ([from, to]: readonly [number, number]) =>
  value(z.number().int().min(from).max(to), `a whole number from ${from} to ${to}`)

const name = (what: string) => value(z.string().trim().min(1).max(100), what)
const path = value(z.string().min(1).max(4096), 'the path of a WAV file')

/** A text that may have `{{variables}}`, of the known ones. */
function template(most: number, what: string) {
  return z.unknown().transform((got, context): string => {
    const problems = typeof got === 'string' && got.length <= most ? templateProblems(got) : [expecting(what)]
    for (const message of problems) context.addIssue({ code: 'custom', message })
    return typeof got === 'string' ? got : z.NEVER
  })
}

/** A map whose keys are checked too. */
function mapOf<V extends z.ZodType>(isKey: (key: string) => boolean, what: string, values: V) {
  return z.record(z.string().refine(isKey, { error: `this name is not ${what}` }), values)
}

const zone = z.string().refine((text) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
})

/** One agent as it stands in the file: what is left out is inherited. Unknown fields are errors. */
const agentPatch = z
  .strictObject({
    name: name('what operators call the agent'),
    instructions: template(50_000, 'what the agent is to do, up to 50000 characters'),
    voice: name('the name of a voice'),
    model: name('the name of a realtime model'),
    language: name('the name of a language'),
    greeting: template(2000, 'what the agent opens with, up to 2000 characters'),
    greetingAudio: path,
    fillerAudio: path,
    holdAudio: path,
    tools: z.array(value(builtinTool, builtinTool.options.join(' or '))),
    httpTools: z.array(httpToolSpec),
    mcpServers: z.array(mcpServerSpec),
    transferTargets: mapOf((key) => targetName.safeParse(key).success, TARGET_NAME, value(dialable, DIALABLE)),
    smsFrom: value(z.literal('').or(smsSender), `${SMS_SENDER}, or '' for none`),
    timeZone: value(zone, 'a time zone such as Europe/Zurich'),
    turns: z
      .strictObject({
        detection: value(turnDetection, turnDetection.options.join(' or ')),
        threshold: value(z.number().min(-1).max(1), 'a number from -1 to 1'),
        silenceMs: whole(bounds.silenceMs),
      })
      .partial(),
    bargeIn: z
      .strictObject({
        by: value(bargeInBy, bargeInBy.options.join(' or ')),
        confirmMs: whole(bounds.confirmMs),
        onDigits: value(z.boolean(), 'true or false'),
      })
      .partial(),
    limits: z
      .strictObject({
        maxCallS: whole(bounds.maxCallS),
        maxCallWarnS: whole(bounds.maxCallWarnS),
        idlePromptS: whole(bounds.idlePromptS),
        idlePromptsMax: whole(bounds.idlePromptsMax),
        fillerAfterMs: whole(bounds.fillerAfterMs),
      })
      .partial(),
    recording: value(z.boolean(), 'true or false'),
    flightRecorder: value(z.boolean(), 'true or false'),
  })
  .partial()

/** What one agent of the file says of itself. */
export type AgentPatch = z.infer<typeof agentPatch>

/** All of AGENTS_FILE. Whether the names of `numbers` are numbers is not looked at. */
export const agentsSchema = z.strictObject({ default: agentPatch, numbers: z.record(z.string(), agentPatch) }).partial()

/** What the file says. */
export type AgentsPatch = z.infer<typeof agentsSchema>

/** The fields that a map of the schema at this path may have; none where it is free, or not a map. */
export function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let at: unknown = schema
  for (const step of [...path, undefined]) {
    while (at instanceof z.ZodOptional || at instanceof z.ZodDefault) at = at.unwrap()
    if (step === undefined) break
    if (at instanceof z.ZodObject) at = at.shape[String(step)]
    else if (at instanceof z.ZodRecord) at = at.valueType
    else if (at instanceof z.ZodArray) at = at.element
    else return []
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : []
}
