import type { SiteDefinition } from '#core/config/index.ts'
import { timeIn } from '#core/platform/index.ts'
import type { RecoveryPlan } from '#shared/contract/databases.ts'

const dayMs = 24 * 60 * 60 * 1_000
/** More than this by themselves in 24 hours, and a person must look (PEERS: recoveries that loop hide the cause). */
export const automaticPerDay = 3

/**
 * The services that are stopped while the files of a database are moved: itself, those that need it, and the site's own
 * programs that it needs, since whoever makes the file has it open. In the order of site.yaml.
 */
export function touchedServices(definition: Pick<SiteDefinition, 'services'>, id: string): readonly string[] {
  const { services } = definition
  const touched = new Set([id])
  for (const need of Object.keys(services[id]?.needs ?? {})) {
    if (services[need]?.kind === 'node' || services[need]?.kind === 'process') touched.add(need)
  }
  // A set's iteration meets what is added on the way.
  for (const one of touched) {
    for (const other of Object.values(services)) if (Object.hasOwn(other.needs, one)) touched.add(other.id)
  }
  return Object.keys(services).filter((service) => touched.has(service))
}

export interface PlanInput {
  readonly service: string
  readonly where: string
  /** Other services that run and would be stopped and started again. */
  readonly services: readonly string[]
  /** Time of the newest copy; null without one. */
  readonly copyAt: number | null
  readonly now: number
  /** The site's, for times. */
  readonly zone: string
}

/** What recovering would do, before anything is done. */
export function recoveryPlan({ service, where, services, copyAt, now, zone }: PlanInput): RecoveryPlan {
  const stopping =
    services.length === 0
      ? 'Nothing runs that has it open.'
      : `Stop ${services.join(', ')}; start what ran again afterwards.`
  return {
    sentence:
      copyAt === null
        ? `Set the database ${where} aside and save what can still be read of it; there is no copy.`
        : `Set the database ${where} aside and put the copy of ${timeIn(zone, copyAt)} in its place.`,
    steps: [
      'Check the database; when it passes nothing is touched.',
      ...(copyAt === null ? [] : [`Take the newest copy that passes its check (${timeIn(zone, copyAt)} at best).`]),
      stopping,
      `${copyAt === null ? 'Save' : 'Without a good copy: save'} what can still be read, labelled as partial. When nothing works everything stays where it is.`,
      'Move the damaged files together to .wheelhouse/quarantine, where they are kept for 14 days.',
    ],
    services: [...services],
    lost: copyAt === null ? null : { from: copyAt, to: now },
    undo: 'The damaged files are kept for 14 days. Restore from a backup is the other way: it brings back the whole site folder.',
    commandLine: `wheelhouse database recover ${service}`,
  }
}

/** Whether the console may recover by itself once more: not more than three times in 24 hours. */
export function mayRecoverByItself(
  earlier: readonly { readonly at: number; readonly automatic: boolean }[],
  now: number,
): boolean {
  // A time in the future comes of a clock that was set back; it counts, so that a jumping clock loops no recovery.
  return earlier.filter(({ at, automatic }) => automatic && at > now - dayMs).length < automaticPerDay
}
