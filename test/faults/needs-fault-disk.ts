import { beforeEach } from 'vitest'
import { needs } from '../support/needs.ts'

/** Skips the tests of a file on a machine that has no such disk, with the reason. Returns it, or null. */
export function needsFaultDisk(...programs: readonly string[]): string | null {
  if (process.platform === 'linux') return needs('cc', ...programs)
  const reason = 'The disk that fails on demand is built for Linux.'
  beforeEach((context) => context.skip(reason))
  return reason
}
