import { inTime } from '#core/platform/index.ts'
import type { DrillEntry } from './drill-schema.ts'
import { nearest } from './nearest.ts'
import type { Fault } from './problem-report.ts'
import type { ServiceEntry } from './service-schema.ts'
import type { SiteFile } from './site-schema.ts'

/** Milliseconds. */
const shortest = 1_000
const longest = 3_600_000

/** Drills of services that there are not, or that the drill cannot be done to. */
export function drillFaults(file: SiteFile): readonly Fault[] {
  return Object.entries(file.drills).flatMap(([id, entry]) => [
    ...serviceFaultsOf(id, entry, file),
    ...timeFaults(id, entry),
  ])
}

function serviceFaultsOf(id: string, entry: DrillEntry, { services }: SiteFile): readonly Fault[] {
  const path = ['drills', id, 'of']
  const service = Object.hasOwn(services, entry.of) ? services[entry.of] : undefined
  if (!service) {
    const near = nearest(entry.of, Object.keys(services))
    const message = `Drill ${id} is of ${entry.of}, but there is no service ${entry.of}.`
    return [
      { code: 'drill-service-unknown', path, message, remedy: near ? `Write \`${near}\`.` : 'Name one of `services`.' },
    ]
  }
  const why = unfit(entry.do, service)
  if (why === null) return []
  const message = `Drill ${id} cannot ${deeds[entry.do]} ${entry.of}: ${why}.`
  return [{ code: 'drill-not-for-service', path, message, remedy: remedies[entry.do] }]
}

function unfit(deed: DrillEntry['do'], service: ServiceEntry): string | null {
  switch (deed) {
    case 'kill':
    case 'freeze':
      if (service.kind !== 'node' && service.kind !== 'process') {
        return `it is of kind ${service.kind}, which has no process of its own here`
      }
      return service['one-shot'] ? 'it is a one-shot, which ends by itself' : null
    case 'cut-broker':
      return service.use === 'broker' ? null : 'it is not the embedded broker'
    case 'corrupt-database':
      if (service.use !== 'database') return 'it is not a database'
      return service.database?.sqlite === undefined ? 'it is PostgreSQL, which the console does not recover' : null
  }
}

function timeFaults(id: string, { within }: DrillEntry): readonly Fault[] {
  if (within >= shortest && within <= longest) return []
  const message = `Drill ${id} gives the service ${inTime(within)}, but a drill lasts from a second to an hour.`
  return [
    { code: 'number-out-of-range', path: ['drills', id, 'within'], message, remedy: 'Write a duration such as `2m`.' },
  ]
}

const deeds = {
  kill: 'kill',
  freeze: 'freeze',
  'cut-broker': 'cut',
  'corrupt-database': 'corrupt',
} as const satisfies Readonly<Record<DrillEntry['do'], string>>

const remedies = {
  kill: 'Name a service of kind `node` or `process` that goes on running.',
  freeze: 'Name a service of kind `node` or `process` that goes on running.',
  'cut-broker': 'Name the service with `use: broker`.',
  'corrupt-database': 'Name a service with `use: database` and `database: { sqlite: … }`.',
} as const satisfies Readonly<Record<DrillEntry['do'], string>>
