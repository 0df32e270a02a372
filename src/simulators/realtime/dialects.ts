import type { Dialect, DialectName } from './dialect.ts'
import { azure, openai } from './openai/dialect.ts'
import { qwen } from './qwen/dialect.ts'

/** The dialects by name. */
export const dialects: Readonly<Record<DialectName, Dialect>> = { qwen, openai, azure }
