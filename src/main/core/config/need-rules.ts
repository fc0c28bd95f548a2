import { nearest } from './nearest.ts'
import type { Fault } from './problem-report.ts'
import type { SiteFile } from './site-schema.ts'

/** Unknown needs, a service that needs itself, needs that can never be met, and cycles, each named with its whole path. */
export function needFaults(file: SiteFile, serviceIds: readonly string[]): readonly Fault[] {
  return [...singleFaults(file, serviceIds), ...cycleFaults(file)]
}

/** Needs that are allowed but will keep a service waiting as the file stands. */
export function needWarnings(file: SiteFile): readonly Fault[] {
  return needsOf(file).flatMap(({ id, need, path }) => {
    const other = Object.hasOwn(file.services, need) ? file.services[need] : undefined
    if (!other || other.enabled || file.services[id]?.enabled === false) return []
    return [
      {
        code: 'need-disabled',
        path,
        at: 'key' as const,
        message: `Service ${id} needs ${need}, which is not started with the site (\`enabled: off\`).`,
        remedy: `Switch ${need} on, or ${id} off as well; otherwise ${id} waits until ${need} is started by hand.`,
      },
    ]
  })
}

function singleFaults(file: SiteFile, serviceIds: readonly string[]): readonly Fault[] {
  return needsOf(file).flatMap(({ id, need, condition, path }): Fault[] => {
    if (need === id) {
      const message = `Service ${id} needs itself, so it could never start.`
      return [{ code: 'need-self', path, at: 'key', message, remedy: `Remove \`${id}\` from its own needs.` }]
    }
    if (!serviceIds.includes(need)) {
      const near = nearest(
        need,
        serviceIds.filter((other) => other !== id),
      )
      const message = `Service ${id} needs ${need}, but there is no service ${need}.`
      const remedy = near
        ? `Write \`${near}\`, or add a service \`${need}\`.`
        : `Add a service \`${need}\`, or remove the need.`
      return [{ code: 'need-unknown', path, at: 'key', message, remedy }]
    }
    const other = Object.hasOwn(file.services, need) ? file.services[need] : undefined
    if (condition === 'completed' && other && !other['one-shot']) {
      const message = `Service ${id} waits for ${need} to complete, but ${need} is meant to run on.`
      const remedy = `Write \`one-shot: on\` for ${need}, or wait for \`ready\` instead.`
      return [{ code: 'need-never-met', path, message, remedy }]
    }
    return []
  })
}

function cycleFaults(file: SiteFile): readonly Fault[] {
  return needCycles(mapOfNeeds(file)).map((cycle) => {
    const [first = '', second = first] = cycle
    return {
      code: 'need-cycle',
      path: ['services', first, 'needs', second],
      at: 'key',
      message: `Services need each other in a circle, so none of them could start first: ${cycle.join(' → ')}.`,
      remedy: 'Remove the one need of the circle that the service can start without.',
    }
  })
}

/**
 * One cycle of each knot of services that need each other, with its first service repeated at the end. Services that need
 * themselves are not told again here.
 */
export function needCycles(needs: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const cycles: string[][] = []
  const done = new Set<string>()
  const trail: string[] = []
  const visit = (id: string) => {
    const at = trail.indexOf(id)
    if (at >= 0) {
      cycles.push([...trail.slice(at), id])
      return
    }
    if (done.has(id)) return
    trail.push(id)
    for (const need of needs.get(id) ?? []) if (need !== id) visit(need)
    trail.pop()
    done.add(id)
  }
  for (const id of needs.keys()) visit(id)
  return cycles
}

function mapOfNeeds(file: SiteFile): ReadonlyMap<string, readonly string[]> {
  return new Map(Object.entries(file.services).map(([id, { needs }]) => [id, Object.keys(needs)]))
}

function needsOf(file: SiteFile) {
  return Object.entries(file.services).flatMap(([id, { needs }]) =>
    Object.entries(needs).map(([need, { be: condition }]) => ({
      id,
      need,
      condition,
      path: ['services', id, 'needs', need],
    })),
  )
}
