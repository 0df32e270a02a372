import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { secretNames } from './settings.ts'

/** No key is longer than a few hundred bytes; a service account's file is a few thousand. */
const MAX_BYTES = 64 * 1024

type Env = Readonly<Record<string, string | undefined>>

/** The environment with what the files say, and what is wrong with them. */
interface SecretsRead {
  readonly env: Env
  readonly problems: readonly string[]
  /** Settings whose file is at fault: nothing more is to be said of them. */
  readonly faulty: ReadonlySet<string>
}

/**
 * Secrets that are mounted as files (`NAME_FILE` has the path), as containers have them: read, a newline at the end cut,
 * and put under NAME. A problem says the setting and the fault; never the content, nor the path: a key that was written
 * there by mistake would be printed.
 */
export function readSecretFiles(env: Env): SecretsRead {
  const found: Record<string, string> = {}
  const problems: string[] = []
  const faulty = new Set<string>()
  for (const name of secretNames) {
    const path = env[`${name}_FILE`]?.trim()
    if (!path) continue
    const read = env[name]?.trim() ? { fault: `${name} too: one of the two` } : readSecret(path)
    if ('value' in read) {
      found[name] = read.value
    } else {
      problems.push(`${name}_FILE: expected the path of a small text file that holds ${name}, got ${read.fault}`)
      faulty.add(name)
    }
  }
  return { env: { ...env, ...found }, problems, faulty }
}

function readSecret(path: string): { readonly value: string } | { readonly fault: string } {
  let bytes: Buffer | undefined
  try {
    bytes = readSmallFile(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'an error'
    return { fault: `one that cannot be read (${code})` }
  }
  if (bytes === undefined) return { fault: 'something that is not a file' }
  if (bytes.length > MAX_BYTES) return { fault: `more than ${MAX_BYTES} bytes` }
  const value = textOf(bytes)
  if (value === undefined) return { fault: 'bytes that are not UTF-8' }
  return value.trim() === '' ? { fault: 'an empty one' } : { value }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '')
  } catch {
    return undefined
  }
}

/** At most one byte more than is allowed. Not blocking: a pipe that nobody writes to would hold up the start forever. */
function readSmallFile(path: string): Buffer | undefined {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!fstatSync(file).isFile()) return undefined
    const bytes = Buffer.alloc(MAX_BYTES + 1)
    let length = 0
    for (;;) {
      const read = readSync(file, bytes, length, bytes.length - length, null)
      length += read
      if (read === 0 || length === bytes.length) return bytes.subarray(0, length)
    }
  } finally {
    closeSync(file)
  }
}
