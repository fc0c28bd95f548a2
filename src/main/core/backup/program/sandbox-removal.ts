import { lstatSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ConsoleError } from '#shared/problem.ts'
import type { Engine } from './engine.ts'
import { removeTree } from './maintenance.ts'
import type { Input } from './messages.ts'

/** Beside each sandbox's folders: whose it is. Only a folder with this in it is ever removed as a sandbox. */
export const sandboxRecordName = 'sandbox.json'

export const sandboxRecordSchema = z.object({
  /** Real path of the live site. */
  site: z.string(),
  /** The job that made it. */
  job: z.string(),
  at: z.number(),
})
export type SandboxRecord = z.infer<typeof sandboxRecordSchema>

/** Removes a sandbox with everything in it; refuses a folder that is not one of this site. */
export async function runDiscard({ site }: Pick<Engine, 'site'>, { path }: Input<'discard'>): Promise<void> {
  if (!lstatSync(path, { throwIfNoEntry: false })) return
  const real = realpathSync(path)
  if (!lstatSync(path).isDirectory() || recordOf(real)?.site !== site.directory) {
    throw new ConsoleError(
      'sandbox-strange',
      `${path} was not removed because it is not a sandbox of this site.`,
      'Look at what it is, and remove it by hand if it is not needed.',
      { params: { path } },
    )
  }
  await removeTree(Buffer.from(real))
}

function recordOf(folder: string): SandboxRecord | null {
  try {
    return sandboxRecordSchema.parse(JSON.parse(readFileSync(join(folder, sandboxRecordName), 'utf8')))
  } catch {
    return null
  }
}
