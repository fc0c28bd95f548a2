import { createHash } from 'node:crypto'
import { newId } from '#core/platform/index.ts'

/**
 * What the console runs besides services: a callback of a service, the command of a probe of one, the command of a step of a recovery
 * policy, that of a check of the site.
 */
export type ErrandKind = 'hook' | 'probe' | 'step' | 'check'

/** Something that the console had run for the service, policy or check of this id. */
export interface Errand {
  readonly kind: ErrandKind
  readonly of: string
}

/** The errand that a name found in a mark stands for; undefined for a service: no id can contain a point. */
export function errandOf(name: string): Errand | undefined {
  const [, of, kind] = /^(.+)\.(hook|probe|step|check)$/.exec(name) ?? []
  if (of === undefined || (kind !== 'hook' && kind !== 'probe' && kind !== 'step' && kind !== 'check')) return undefined
  return { kind, of }
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

  /** A new mark for an errand: it names no service, so that it is never taken for one. A console that finds it ends it. */
  makeForErrand(kind: ErrandKind, of: string): string {
    return newId(`${this.prefix}${of}.${kind}`)
  }

  /** The service that a mark of this site names. */
  serviceOf(run: string): string | undefined {
    if (!run.startsWith(this.prefix)) return undefined
    return /^(.+)-[^-]+$/.exec(run.slice(this.prefix.length))?.[1]
  }
}
