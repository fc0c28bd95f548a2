import type { ServiceDefinition, SiteDefinition } from '#core/config/index.ts'
import { isWithin } from '#shared/path-key.ts'

/** A service that must not run while entries are swapped, and why. */
export interface TouchedService {
  readonly service: string
  readonly why: string
}

/** Where the site lies, and which release is in use (`releases/one`), null when that is not known. */
export interface SiteGround {
  readonly directory: string
  readonly release: string | null
}

/**
 * Which services use what is swapped, by what site.yaml says of them: the files and folders that they name. One that names no
 * data at all may use any of it, so it counts as using it. What needs a touched service stops with it. `all` where that is
 * not known: no definition, or site.yaml itself is swapped. `swapped`: paths below the site folder, as text. `databases`: services whose
 * database of a server is exchanged.
 */
export function touchedServices(
  definition: SiteDefinition | null,
  swapped: readonly string[],
  ground: SiteGround,
  databases: readonly string[] = [],
): readonly TouchedService[] | 'all' {
  if (!definition) return 'all'
  if (swapped.some((path) => path === 'site.yaml' || path === 'current')) return 'all'
  const touched = new Map<string, string>()
  for (const service of Object.values(definition.services)) {
    const why = databases.includes(service.id)
      ? 'its database is exchanged'
      : swapped.length > 0
        ? touchOf(service, swapped, ground)
        : null
    if (why !== null) touched.set(service.id, why)
  }
  for (let grew = true; grew; ) {
    grew = false
    for (const { id, needs } of Object.values(definition.services)) {
      const need = Object.keys(needs).find((other) => touched.has(other))
      if (need === undefined || touched.has(id)) continue
      touched.set(id, `it needs ${need}`)
      grew = true
    }
  }
  return [...touched].map(([service, why]) => ({ service, why }))
}

function touchOf(service: ServiceDefinition, swapped: readonly string[], ground: SiteGround): string | null {
  if (service.kind === 'external' || (service.kind === 'builtin' && service.use === 'broker')) return null
  const { database } = service
  if (database) {
    if (database.target.engine !== 'sqlite') return null
    const file = pathIn(database.target.file, ground)
    const hit = file === null ? swapped[0] : swapped.find((path) => meets(path, file) || isLogOf(path, file))
    return hit === undefined ? null : `its database is ${file ?? database.target.file}`
  }
  const named = textsOf(service).flatMap(({ text, where }) => {
    const path = pathIn(text, ground)
    return path === null ? [] : [{ path, where }]
  })
  const direct = named.find(({ path }) => swapped.some((one) => meets(one, path)))
  if (direct) return `it uses ${direct.path === '' ? 'the site folder' : direct.path} (${direct.where})`
  const code = swapped.find((path) => isCode(path, ground))
  if (code !== undefined) return 'its code lies there'
  // It says nowhere what data it uses, so it may be any.
  const namesData = named.some(({ path }) => !isCode(path, ground) && !isWithin(path, 'logs'))
  const other = swapped.find((path) => !path.startsWith('releases/') && path !== 'releases')
  return !namesData && other !== undefined ? 'site.yaml does not say which files it uses' : null
}

/** The texts of a service in which a path may stand, and where they stand. */
function textsOf(service: ServiceDefinition): readonly { readonly text: string; readonly where: string }[] {
  const probes = Object.values(service.probes).flatMap((probe) =>
    probe?.check.type === 'file' ? [{ text: probe.check.path, where: 'a probe' }] : [],
  )
  const hooks = Object.values(service.hooks).flatMap((hook) =>
    (hook?.run ?? []).map((text) => ({ text, where: 'a hook' })),
  )
  return [
    ...Object.entries(service.env).map(([name, text]) => ({ text, where: name })),
    ...service.run.slice(1).map((text) => ({ text, where: 'run' })),
    ...probes,
    ...hooks,
  ]
}

/** The path below the site folder that a text of site.yaml means; null when it means none. `''`: the site folder itself. */
function pathIn(text: string, { directory, release }: SiteGround): string | null {
  const folders: Readonly<Record<string, string>> = {
    site: '',
    data: 'data',
    logs: 'logs',
    release: release ?? 'releases',
  }
  const found = /\$\{\s*(site|data|logs|release)\s*\}((?:\/[^\s:;,?#"']*)?)/.exec(text)
  if (found) return normal(`${folders[found[1] ?? ''] ?? ''}${found[2] ?? ''}`)
  if (text.startsWith(`${directory}/`)) return normal(text.slice(directory.length + 1))
  return /^\.?\/?(data|logs)(\/|$)/.test(text) ? normal(text) : null
}

function normal(path: string): string {
  const names: string[] = []
  for (const name of path.split('/')) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  return names.join('/')
}

function isCode(path: string, { release }: SiteGround): boolean {
  return release === null ? isWithin(path, 'releases') : meets(path, release)
}

/** Whether one of the two paths lies in the other. */
function meets(path: string, other: string): boolean {
  return other === '' || isWithin(path, other) || isWithin(other, path)
}

function isLogOf(path: string, database: string): boolean {
  return path.startsWith(`${database}-`)
}
