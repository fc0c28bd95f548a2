import { defineConfig } from 'vitest/config'

// Real processes, real brokers and a real browser share two cores, so few workers; no retries: a flaky test is a bug.
export default defineConfig({
  test: {
    include: ['src/**/*.spec.{ts,tsx}', 'test/**/*.spec.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 0,
  },
})
