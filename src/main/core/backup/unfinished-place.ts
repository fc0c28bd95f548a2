import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Where a folder or an archive is written before it gets its name: beside it, hidden, and told by the job that writes it. */
export function unfinishedPlace(to: string, job: string): string {
  const real = existsSync(to) ? realpathSync(to) : to
  return join(dirname(real), `.${basename(real)}.${job}.unfinished`)
}
