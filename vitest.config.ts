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
  { name: 'e2e', include: ['test/e2e/**/*.spec.ts'], maxWorkers: 1 },
  { name: 'electron', include: ['test/electron/**/*.spec.ts'], maxWorkers: 1 },
]

export default defineConfig({
  test: {
    allowOnly: false,
    passWithNoTests: true,
    globalSetup: 'test/support/build.setup.ts',
    projects: projects.map(({ name, include, maxWorkers }, order) => ({
      extends: true,
      test: {
        name,
        include,
        maxWorkers,
        sequence: { groupOrder: order },
        pool: 'forks' as const,
        testTimeout: order < 2 ? 60_000 : 120_000,
        hookTimeout: order < 2 ? 60_000 : 120_000,
        retry: 0,
      },
    })),
  },
})
