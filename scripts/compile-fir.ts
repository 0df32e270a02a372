import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

/** Compiles src/audio/wasm/fir.ts. Its memory is made by who loads it. @throws Error with what the compiler says. */
export async function compileFir(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'fir-'))
  try {
    const outFile = join(folder, 'fir.wasm')
    const source = fileURLToPath(new URL('../src/audio/wasm/fir.ts', import.meta.url))
    const flags = ['--runtime', 'stub', '--enable', 'simd', '--optimizeLevel', '3', '--noAssert', '--importMemory']
    const { error, stderr } = await asc.main([source, ...flags, '--outFile', outFile])
    if (error !== null) throw new Error(String(stderr), { cause: error })
    return readFileSync(outFile)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
