import { defineConfig } from 'vitest/config'

// The operators' page in a real Chromium, before the real server. `scripts/install-chromium.sh` gets what it needs.
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: './test/browser/build-page.ts',
    testTimeout: 90_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000 } },
    // A browser, a server and a recogniser together keep two cores busy.
    maxWorkers: 1,
    fileParallelism: false,
  },
})
