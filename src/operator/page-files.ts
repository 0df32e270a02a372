import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, gzip, constants as zlib } from 'node:zlib'

/** How a body may be coded, the best first. */
export const codings = ['br', 'gzip'] as const
type Coding = (typeof codings)[number]

/** A file of the page, as it is sent. */
export interface PageFile {
  readonly type: string
  readonly etag: string
  /** Its name changes with its content. */
  readonly immutable: boolean
  readonly body: Buffer
  /** The same, smaller. */
  readonly coded: Readonly<Partial<Record<Coding, Buffer>>>
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wav': 'audio/wav',
}
/** Gain nothing. */
const packed: readonly string[] = ['.png', '.woff2']
const MIN_PACKED_BYTES = 1024
/** Vite's page has some ten files. */
const MAX_FILES = 500
/** The last two levels cost seconds for some per cent, and calls are running. */
const BROTLI_QUALITY = 9

const compress: Readonly<Record<Coding, (body: Buffer) => Promise<Buffer>>> = {
  br: (body) => promisify(brotliCompress)(body, { params: { [zlib.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
  gzip: (body) => promisify(gzip)(body, { level: 9 }),
}
const suffixes: Readonly<Record<Coding, string>> = { br: '.br', gzip: '.gz' }

/**
 * The files of the built page, in memory. They are read when somebody asks first, and again until there is an index: the
 * page may be built while the server runs. What is asked for is looked up and never a path.
 */
export class PageFiles {
  readonly #folder: string
  #files: Promise<ReadonlyMap<string, PageFile>> | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /** @param path of the URL; `/` is the index. */
  async find(path: string): Promise<PageFile | undefined> {
    this.#files ??= readPage(this.#folder)
    const reading = this.#files
    const forget = () => {
      if (this.#files === reading) this.#files = undefined
    }
    // It was being built: a file was gone before it was read.
    reading.catch(forget)
    const files = await reading
    if (!files.has('/index.html')) forget()
    return files.get(path === '/' ? '/index.html' : path)
  }
}

/** By path; none when there is no such folder. */
async function readPage(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile()).slice(0, MAX_FILES)
  const byPath = new Map(
    files.map(({ parentPath, name }) => {
      const file = join(parentPath, name)
      return [`/${relative(folder, file).split(sep).join('/')}`, file]
    }),
  )
  const page = new Map<string, PageFile>()
  for (const [path, file] of byPath) {
    const isPacked = Object.values(suffixes).some(
      (suffix) => byPath.has(path.slice(0, -suffix.length)) && path.endsWith(suffix),
    )
    if (!isPacked && !path.includes('/.')) page.set(path, await readPageFile(path, file, byPath))
  }
  return page
}

async function readPageFile(path: string, file: string, byPath: ReadonlyMap<string, string>): Promise<PageFile> {
  const body = await readFile(file)
  const coded: Partial<Record<Coding, Buffer>> = {}
  const worthIt = body.length >= MIN_PACKED_BYTES && !packed.includes(extname(path))
  for (const coding of codings) {
    const ready = byPath.get(`${path}${suffixes[coding]}`)
    if (ready !== undefined) coded[coding] = await readFile(ready)
    else if (worthIt) coded[coding] = await compress[coding](body)
  }
  return {
    type: types[extname(path)] ?? 'application/octet-stream',
    etag: createHash('sha256').update(body).digest('base64url').slice(0, 22),
    immutable: path.startsWith('/assets/'),
    ...{ body, coded },
  }
}
