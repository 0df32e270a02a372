import { ToolError } from '../call/tool.ts'

/**
 * One text argument of a built-in tool. The call has checked it already; this only gives it its type.
 * @throws ToolError naming the field when it is no string.
 */
export function textArgument(args: unknown, name: string): string {
  const value = isRecord(args) && Object.hasOwn(args, name) ? args[name] : undefined
  if (typeof value !== 'string') throw new ToolError(`${name}: expected a string`)
  return value
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
