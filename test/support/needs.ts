import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { beforeEach } from 'vitest'

/** The Debian package that brings a program, where it has another name. `.ci/run` installs them. */
const packages: Readonly<Record<string, string>> = {
  mosquitto_pub: 'mosquitto-clients',
  mosquitto_sub: 'mosquitto-clients',
  nginx: 'nginx-light',
  'systemd-analyze': 'systemd',
}

/**
 * Skips every test of the file (or of the `describe` that it is called in) on a machine without these programs, with the
 * reason in the test report. Returns that reason, or null when all are there, so that `beforeAll` can leave off its work:
 * hooks of that kind run even when every test is skipped.
 */
export function needs(...programs: readonly string[]): string | null {
  const missing = programs.filter((program) => findProgram(program) === null)
  if (missing.length === 0) return null
  const reason = missing
    .map((program) => `${program} is missing: apt-get install ${packages[program] ?? program}`)
    .join('; ')
  beforeEach((context) => context.skip(reason))
  return reason
}

/** Absolute path of a program on PATH (or where Debian puts daemons), or null. */
export function findProgram(program: string): string | null {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
    try {
      const path = join(folder, program)
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // not in this folder
    }
  }
  return null
}
