import { writeFileSync } from 'node:fs'
import { compileFir } from './compile-fir.ts'

/** Writes src/audio/fir-module.ts. */
const rows = (await compileFir()).toString('base64').match(/.{1,110}/g) ?? []
writeFileSync(
  new URL('../src/audio/fir-module.ts', import.meta.url),
  `/** WebAssembly, made of wasm/fir.ts by scripts/make-fir.ts. */\nexport const firModule =\n${rows.map((row) => `  '${row}'`).join(' +\n')}\n`,
)
