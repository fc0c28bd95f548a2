import type { ServiceDefinition, SiteDefinition } from '#core/config/index.ts'

/** A service that is stopped for a deploy, and why. */
export interface Touched {
  readonly id: string
  readonly title: string
  readonly why: string
}

/**
 * Which services must be stopped, in the order of site.yaml: those that run code of the release of which a file changes, those whose
 * entry changes, and what needs them. A service that does not say with `code` which files it runs on may run on any. `changed`: paths
 * below the release, of files that are added, changed or removed.
 */
export function touchedServices(
  now: SiteDefinition,
  next: SiteDefinition,
  changed: readonly string[],
): readonly Touched[] {
  const why = new Map<string, string>()
  for (const service of Object.values(now.services)) {
    const reason = reasonOf(service, next.services[service.id], changed)
    if (reason !== null) why.set(service.id, reason)
  }
  for (let grew = true; grew; ) {
    grew = false
    for (const { id, needs } of Object.values(now.services)) {
      const need = Object.keys(needs).find((other) => why.has(other))
      if (need === undefined || why.has(id)) continue
      why.set(id, `it needs ${need}`)
      grew = true
    }
  }
  return Object.values(now.services).flatMap(({ id, title, kind }) => {
    const reason = why.get(id)
    // What somebody else runs is not the console's to stop.
    return reason === undefined || kind === 'external' ? [] : [{ id, title, why: reason }]
  })
}

function reasonOf(
  service: ServiceDefinition,
  next: ServiceDefinition | undefined,
  changed: readonly string[],
): string | null {
  if (!next) return 'the site.yaml of the release does not have it any more'
  if (JSON.stringify(service) !== JSON.stringify(next)) return 'its entry in site.yaml changes'
  if (service.kind !== 'node' && service.kind !== 'process') return null
  const { code } = service
  const hit = code === null ? changed[0] : changed.find((path) => code.some((own) => isWithin(path, own)))
  if (hit === undefined) return null
  if (code !== null) return `${hit} changes`
  return changed.length === 1
    ? `${hit} changes, and it may use it`
    : `${changed.length} files change, and it may use any`
}

function isWithin(path: string, own: string): boolean {
  const folder = own.replace(/^(\.\/)+/, '').replace(/\/+$/, '')
  return folder === '' || folder === '.' || path === folder || path.startsWith(`${folder}/`)
}
