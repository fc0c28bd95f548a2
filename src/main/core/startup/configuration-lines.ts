import type { LoadedSite, SiteDefinition } from '#core/config/index.ts'
import { portConflict } from '#core/coordinator/index.ts'
import type { PortHolder } from '#core/platform/index.ts'
import type { StartupLine } from '#shared/contract/startup.ts'
import type { LeftOut } from '#shared/environment.ts'

/** What was read, as lines of the step. `runs`: services that run already, whose ports are therefore taken by themselves. */
export function configurationLines(read: {
  readonly problems: readonly { readonly message: string; readonly file: string; readonly line: number | null }[]
  readonly valid: boolean
  readonly definition: SiteDefinition | null
  readonly environment: string | undefined
  readonly leftOut: readonly LeftOut[]
  readonly runs: ReadonlySet<string>
  readonly holdersOf: (port: number) => readonly PortHolder[]
}): readonly StartupLine[] {
  const { definition, leftOut, environment } = read
  return [
    siteLine(read),
    ...(environment === undefined
      ? []
      : [{ id: 'environment', title: 'Environment', state: 'passed' as const, sentence: `${environment}.` }]),
    ...(leftOut.length === 0 ? [] : [leftLine(leftOut)]),
    ...(definition ? [portsLine(definition, read.runs, read.holdersOf)] : []),
  ]
}

function siteLine({
  valid,
  problems,
}: {
  readonly valid: LoadedSite['valid']
  readonly problems: Parameters<typeof configurationLines>[0]['problems']
}): StartupLine {
  const named = { id: 'site', title: 'site.yaml' }
  const [first] = problems
  if (valid) {
    const notes = problems.length > 0 ? ` with ${problems.length} ${problems.length === 1 ? 'note' : 'notes'}` : ''
    return { ...named, state: 'passed', sentence: `Valid${notes}.` }
  }
  const where = first
    ? `${first.file}${first.line === null ? '' : `:${first.line}`}: ${first.message}`
    : 'It cannot be read.'
  return {
    ...named,
    state: 'failed',
    sentence: problems.length > 1 ? `${where} And ${problems.length - 1} more.` : where,
  }
}

function leftLine(leftOut: readonly LeftOut[]): StartupLine {
  const sentence = `${leftOut.map(({ service }) => service).join(', ')}.`
  return { id: 'left-out', title: 'Left out', state: 'skipped', sentence }
}

function portsLine(
  { services }: SiteDefinition,
  runs: ReadonlySet<string>,
  holdersOf: (port: number) => readonly PortHolder[],
): StartupLine {
  const named = { id: 'ports', title: 'Ports' }
  const looked = Object.values(services).filter(
    ({ id, enabled, kind, unit }) => enabled && kind !== 'external' && unit === null && !runs.has(id),
  )
  const conflicts = looked.flatMap((service) => portConflict(service, service.ports, holdersOf) ?? [])
  const [first] = conflicts
  if (first) {
    const more = conflicts.length > 1 ? ` And ${conflicts.length - 1} more.` : ''
    return { ...named, state: 'failed', sentence: `${capital(first.problem.message)}. ${first.problem.remedy}${more}` }
  }
  const count = looked.reduce((sum, service) => sum + Object.keys(service.ports).length, 0)
  return { ...named, state: 'passed', sentence: count === 0 ? 'None to look at.' : `${count} of ${count} free.` }
}

function capital(text: string): string {
  return text.replace(/^./, (first) => first.toUpperCase())
}
