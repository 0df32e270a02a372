import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What needs more than Node has suites of its own: `npm run test:browser`, `npm run test:postgres`.
    exclude: [...configDefaults.exclude, 'test/browser/**', 'test/postgres/**'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Calls in tests run on real sockets; two workers keep two cores busy without starving the 20 ms clocks.
    maxWorkers: 2,
  },
})
