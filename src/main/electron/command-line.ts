import { resolve } from 'node:path'
import { z } from 'zod'

/** What a launch of the app asks for. */
export const launchSchema = z.object({
  /** Absolute folder of the site to open; null: the one that was open last, or the sample. */
  site: z.string().nullable(),
})
export type Launch = z.infer<typeof launchSchema>

/**
 * Reads `--site DIR` or `--site=DIR` from a command line. Everything else is passed over: Chromium has switches of its own,
 * and launchers add theirs.
 */
export function readLaunch(argv: readonly string[], workingDirectory: string): Launch {
  const at = argv.findIndex((arg) => arg === '--site' || arg.startsWith('--site='))
  if (at < 0) return { site: null }
  const [, joined] = /^--site=(.*)$/.exec(argv[at] ?? '') ?? []
  const directory = joined ?? argv[at + 1]
  return { site: directory ? resolve(workingDirectory, directory) : null }
}
