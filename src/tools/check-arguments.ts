import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ToolDeclaration } from '../call/provider.ts'
import type { CheckArguments } from '../call/tool.ts'
import { shortLine } from './cut-text.ts'

type Schema = ToolDeclaration['parameters']

/** Real-world schemas carry keywords and formats of their own: they are let pass, not enforced. */
const options: Options = { strict: false, validateFormats: false, logger: false, verbose: true, addUsedSchema: false }
const MAX_SHOWN = 40

/**
 * Makes the check of tool arguments. A schema is compiled when its declaration is first seen, and never again. What
 * cannot be compiled is not checked here: `schemaProblem` says so when it is declared.
 */
export function makeArgumentCheck(): CheckArguments {
  const compiled = new WeakMap<ToolDeclaration, ValidateFunction | 'unchecked'>()
  // The first schema of a dialect takes its compiler 20 ms; a call should not wait for that.
  compile({ type: 'object' })
  return (declaration, args) => {
    const known = compiled.get(declaration) ?? compileOrNot(declaration.parameters)
    compiled.set(declaration, known)
    if (known === 'unchecked' || known(args)) return undefined
    // The last error is the outermost: of a union, the union itself.
    const error = known.errors?.at(-1)
    return error === undefined ? 'arguments: not as declared' : shortLine(describe(error), 199)
  }
}

/**
 * Says why a JSON Schema cannot declare a tool's parameters, in one line; `undefined`: it can. Nothing is ever fetched:
 * a reference to elsewhere is a problem.
 */
export function schemaProblem(parameters: Schema): string | undefined {
  if (parameters['type'] !== 'object') return 'must be a JSON Schema of an object ("type": "object")'
  try {
    compile(parameters)
    return undefined
  } catch (error) {
    return shortLine(`is no valid JSON Schema: ${error instanceof Error ? error.message : 'unknown'}`)
  }
}

function compileOrNot(parameters: Schema): ValidateFunction | 'unchecked' {
  try {
    return compile(parameters)
  } catch {
    return 'unchecked'
  }
}

let draft7: Ajv | undefined
let draft2020: Ajv2020 | undefined

/** Each dialect has one compiler: a fresh one compiles its own meta-schema first (20 ms). */
function compile(parameters: Schema): ValidateFunction {
  const { $schema: dialect, ...schema } = parameters
  const old = typeof dialect === 'string' && /draft-0[3-7]/.test(dialect)
  if (old) draft7 ??= new Ajv(options)
  else draft2020 ??= new Ajv2020(options)
  const compiler = (old ? draft7 : draft2020) ?? new Ajv(options)
  try {
    return compiler.compile(schema)
  } finally {
    // The compiler would remember it for ever, and agents are read anew on every SIGHUP.
    compiler.removeSchema(schema)
  }
}

function describe(error: ErrorObject): string {
  const { keyword, params, data, message = 'not as declared' } = error
  const path = error.instancePath.slice(1).replaceAll('/', '.')
  const at = (more?: unknown) => [path, more].filter((part) => typeof part === 'string' && part !== '').join('.')
  const field = at() || 'arguments'
  switch (keyword) {
    case 'required':
      return `${at(params['missingProperty'])}: missing`
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return `${at(params['additionalProperty'] ?? params['unevaluatedProperty'])}: not known`
    case 'type':
      return `${field}: expected ${[params['type']].flat().join(' or ')}, got ${shown(data)}`
    case 'enum':
      return `${field}: expected one of ${shown(params['allowedValues'], 120)}, got ${shown(data)}`
    case 'pattern':
      return `${field}: expected a string like ${shortLine(String(params['pattern']), 80)}, got ${shown(data)}`
    default:
      return `${field}: ${shortLine(message, 100)}, got ${shown(data)}`
  }
}

function shown(value: unknown, maxLength = MAX_SHOWN): string {
  return shortLine(JSON.stringify(value) ?? 'nothing', maxLength)
}
