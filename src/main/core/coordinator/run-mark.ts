import { createHash } from 'node:crypto'
import { newId } from '#core/platform/index.ts'

/** No id of a service can contain it. */
const hookEnding = '.hook'

/** The service whose callback a name found in a mark stands for; undefined for a service. */
export function hookOwner(name: string): string | undefined {
  return name.endsWith(hookEnding) ? name.slice(0, -hookEnding.length) : undefined
}

/**
 * The marks of a site's runs: `run-<site>-<service>-<random>`, where `<site>` is taken from the real path of its folder. A
 * marked process can be told to belong to this site and service even when the console's database does not know it: because it
 * was lost, replaced, or could not be written.
 */
export class RunMarks {
  readonly prefix: string

  /** `directory` is the site's real path. */
  constructor(directory: string) {
    this.prefix = `run-${createHash('sha256').update(directory).digest('hex').slice(0, 8)}-`
  }

  /** A new mark for a run of a service. */
  make(service: string): string {
    return newId(`${this.prefix}${service}`)
  }

  /** A new mark for a callback of a service: it names no service, so that it is never taken for the service itself. */
  makeForHook(service: string): string {
    return newId(`${this.prefix}${service}${hookEnding}`)
  }

  /** The service that a mark of this site names. */
  serviceOf(run: string): string | undefined {
    if (!run.startsWith(this.prefix)) return undefined
    return /^(.+)-[^-]+$/.exec(run.slice(this.prefix.length))?.[1]
  }
}
