import { defineConfig } from 'vitest/config'

/**
 * The projects run one after another, the cheap ones first. Real processes, real brokers and a real browser share two
 * cores, so few workers; no retries: a flaky test is a bug.
 */
const projects = [
  {
    name: 'unit',
    include: ['src/**/*.spec.{ts,tsx}', 'test/support/**/*.spec.ts', 'test/soak/**/*.spec.ts', 'bench/**/*.spec.ts'],
    maxWorkers: 2,
  },
  { name: 'contract', include: ['test/contract/**/*.spec.ts'], maxWorkers: 2 },
  {
    name: 'integration',
    include: ['test/{integration,supervision,faults,backups,scripts}/**/*.spec.ts'],
    maxWorkers: 2,
  },
  { name: 'e2e', include: ['test/e2e/**/*.spec.ts'], maxWorkers: 1, before: ['test/e2e/pages.setup.ts'] },
  { name: 'electron', include: ['test/electron/**/*.spec.ts'], maxWorkers: 1 },
]

export default defineConfig({
  test: {
    allowOnly: false,
    passWithNoTests: true,
    projects: projects.map(({ name, include, maxWorkers, before = [] }, order) => ({
      extends: true,
      test: {
        name,
        include,
        maxWorkers,
        globalSetup: ['test/support/build.setup.ts', ...before],
        sequence: { groupOrder: order },
        pool: 'forks' as const,
        // Bounds, not expectations: nothing that passes waits for them, and a slow and busy machine must not reach them.
        testTimeout: order < 2 ? 180_000 : 300_000,
        hookTimeout: order < 2 ? 180_000 : 300_000,
        expect: { poll: { timeout: 60_000 } },
        retry: 0,
      },
    })),
  },
})
