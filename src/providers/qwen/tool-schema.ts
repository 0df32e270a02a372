const maxDepth = 16

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNull(schema: unknown): boolean {
  return isRecord(schema) && schema['type'] === 'null'
}

/**
 * A JSON Schema as Qwen takes it: unions (`anyOf`, `oneOf`, `type: [..]`, `nullable`) are refused, so each becomes its
 * first alternative that is not null; `$schema` goes. Arguments are validated by whoever runs the tool, not by this.
 */
export function plainSchema(schema: Readonly<Record<string, unknown>>, depth = 0): Record<string, unknown> {
  if (depth > maxDepth) return {}
  const union = schema['anyOf'] ?? schema['oneOf']
  const chosen = Array.isArray(union) ? union.find((one) => isRecord(one) && !isNull(one)) : undefined
  const merged: Readonly<Record<string, unknown>> = isRecord(chosen) ? { ...schema, ...chosen } : schema
  const plain: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(merged)) {
    if (key === 'anyOf' || key === 'oneOf' || key === 'nullable' || key === '$schema') continue
    if (key === 'type' && Array.isArray(value)) plain[key] = value.find((one) => one !== 'null') ?? 'string'
    else if (key === 'properties' && isRecord(value)) plain[key] = plainProperties(value, depth)
    else if ((key === 'items' || key === 'additionalProperties') && isRecord(value)) {
      plain[key] = plainSchema(value, depth + 1)
    } else plain[key] = value
  }
  return plain
}

function plainProperties(properties: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, one]) => [name, isRecord(one) ? plainSchema(one, depth + 1) : one]),
  )
}
