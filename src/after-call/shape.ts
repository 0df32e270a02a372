import { readFileSync } from 'node:fs'
import type { Ajv, ErrorObject, Options, ValidateFunction } from 'ajv'
import { Ajv as Draft7 } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'

/** As a part of the prompt it is paid for with each call. */
const MAX_BYTES = 32 * 1024
const MAX_PROBLEM = 300

/** Keywords and formats of an operator's own are let pass, as in the schemas of tools. */
const options: Options = { strict: false, validateFormats: false, logger: false, addUsedSchema: false, verbose: false }

/** What an analysis must look like. */
export interface Shape {
  /** The JSON Schema, for the model. */
  readonly text: string
  /** Why a value is none of this shape, in one line; `undefined`: it is. */
  problem(value: unknown): string | undefined
}

const defaultSchema = {
  type: 'object',
  properties: {
    summary: { type: 'string', maxLength: 2000, description: 'What the call was about, in two to four sentences' },
    outcome: { type: 'string', maxLength: 200, description: 'What came of it, in a few words' },
    sentiment: {
      enum: ['positive', 'neutral', 'negative', 'mixed'],
      description: 'How the caller felt about it at the end',
    },
    followUps: {
      type: 'array',
      maxItems: 20,
      items: { type: 'string', maxLength: 300 },
      description: 'What somebody has promised or still has to do; empty: nothing',
    },
  },
  required: ['summary', 'outcome', 'sentiment', 'followUps'],
  additionalProperties: false,
}

/**
 * Reads the JSON Schema that an operator wants analyses in; `undefined`: ours.
 * @throws RangeError that says what is wrong with the file.
 */
export function readShape(file: string | undefined): Shape {
  return shapeOf(file === undefined ? defaultSchema : readSchema(file))
}

/** @throws RangeError that says what is wrong with the schema. */
export function shapeOf(schema: Readonly<Record<string, unknown>>): Shape {
  const check = compile(schema)
  return {
    text: JSON.stringify(schema),
    problem(value) {
      if (check(value)) return undefined
      // The last error is the outermost: of a union, the union itself.
      const error = check.errors?.at(-1)
      return error === undefined ? 'it is not of that shape' : describe(error)
    },
  }
}

function readSchema(file: string): Readonly<Record<string, unknown>> {
  const text = readText(file)
  if (text.length > MAX_BYTES) throw new RangeError(`ANALYSIS_SHAPE_FILE: expected at most ${MAX_BYTES} characters`)
  const schema = parsed(text)
  if (typeof schema !== 'object' || schema === null || !('type' in schema) || schema.type !== 'object') {
    throw new RangeError('ANALYSIS_SHAPE_FILE: expected a JSON Schema of an object ("type": "object")')
  }
  return { ...schema }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new RangeError(`ANALYSIS_SHAPE_FILE: cannot be read (${code})`)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RangeError('ANALYSIS_SHAPE_FILE: expected JSON')
  }
}

function compile(schema: Readonly<Record<string, unknown>>): ValidateFunction {
  const { $schema: dialect, ...rest } = schema
  const isOld = typeof dialect === 'string' && /draft-0[3-7]/.test(dialect)
  const compiler: Ajv = isOld ? new Draft7(options) : new Ajv2020(options)
  try {
    return compiler.compile(rest)
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown'
    throw new RangeError(`ANALYSIS_SHAPE_FILE: is no valid JSON Schema: ${why.slice(0, MAX_PROBLEM)}`)
  }
}

/** By the schema's words alone: of the value, which is as private as the call, nothing is told. */
function describe({ instancePath, keyword, params, message = 'is not as declared' }: ErrorObject): string {
  const at = instancePath === '' ? 'the object' : instancePath.slice(1).replaceAll('/', '.')
  const more = keyword === 'enum' ? `: ${JSON.stringify(params['allowedValues'])}` : ''
  return `${at} ${message}${more}`.slice(0, MAX_PROBLEM)
}
