import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/postgres/**/*.postgres.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Each file starts a server of its own; a machine has two cores.
    fileParallelism: false,
  },
})
