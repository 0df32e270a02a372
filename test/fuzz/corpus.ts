import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, 'corpus')

/** The files of one reader, in order of their names. */
export function readCorpus(name: string): [Buffer, ...Buffer[]] {
  const [first, ...others] = readdirSync(join(folder, name))
    .sort()
    .map((file) => readFileSync(join(folder, name, file)))
  if (first === undefined) throw new RangeError(`the corpus of ${name} is empty`)
  return [first, ...others]
}

/** The same as texts, without the newline at their end. */
export function readTexts(name: string): [string, ...string[]] {
  const [first, ...others] = readCorpus(name).map((bytes) => bytes.toString('utf8').replace(/\n$/, ''))
  return [first ?? '', ...others]
}
