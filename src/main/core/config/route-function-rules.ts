import { realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { Fault } from './problem-report.ts'
import type { SiteFile } from './site-schema.ts'
import type { SiteDefinition } from './types.ts'

type Route = SiteFile['routes'][string]

/** Each function has a process of its own, of about 25 MB of its own. */
const mostFunctions = 32

/** Shortest and longest time that a function may be given for one message. Milliseconds. */
const timeouts = { least: 10, most: 60_000 } as const

/** What is wrong with the function of a route, told from site.yaml alone. */
export function functionFaults(id: string, { map, enrich }: Route): readonly Fault[] {
  if (map === undefined || typeof map === 'string') return []
  const path = ['routes', id, 'map']
  const faults: Fault[] = []
  const { function: file, timeout, payload } = map
  if (leadsOut(file)) {
    faults.push(outside([...path, 'function'], id, file))
  } else if (!/\.(?:mjs|cjs|js)$/.test(file)) {
    const message = `Route ${id}: “${file}” ends neither in .mjs nor in .js or .cjs.`
    const remedy = 'Name a file of JavaScript, such as `functions/desk.mjs`.'
    faults.push({ code: 'function-kind-unknown', path: [...path, 'function'], message, remedy })
  }
  if (timeout < timeouts.least || timeout > timeouts.most) {
    const message = `Route ${id}: the function cannot be given ${timeout} ms for a message.`
    const remedy = 'Write a time from `10ms` to `60s`.'
    faults.push({ code: 'duration-out-of-range', path: [...path, 'timeout'], message, remedy })
  }
  if (enrich !== undefined && payload !== 'json') {
    const message = `Route ${id}: \`enrich\` makes JSON of the payload, but the function is to be given ${payload}.`
    const remedy = 'Remove `payload`, or add the fields in the function.'
    faults.push({ code: 'function-payload-bad', path: [...path, 'payload'], message, remedy })
  }
  return faults
}

/** More functions than there may be processes for them. */
export function functionNumberFaults(routes: SiteFile['routes']): readonly Fault[] {
  const having = Object.entries(routes).filter(([, { map }]) => map !== undefined && typeof map !== 'string')
  return having.slice(mostFunctions).map(([id]) => ({
    code: 'too-many',
    path: ['routes', id, 'map'],
    at: 'key',
    message: `Route ${id} is one of ${having.length} routes with a function of their own; a site can have ${mostFunctions}.`,
    remedy: 'Let one route do what several do, or use CEL expressions.',
  }))
}

/** Functions whose file is not there, or lies outside the release once links are followed. */
export async function functionFileFaults({ routes }: SiteDefinition, release: string): Promise<readonly Fault[]> {
  const faults: Fault[] = []
  for (const { id, map } of Object.values(routes)) {
    if (map === null || typeof map === 'string' || leadsOut(map.file)) continue
    const path = ['routes', id, 'map', 'function']
    const file = join(release, map.file)
    const isFile = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    )
    if (!isFile) {
      const message = `The file ${file} with the function of route ${id} is missing.`
      const remedy = 'Correct `function`, or put the file back, for example by restoring the newest snapshot.'
      faults.push({ code: 'script-missing', path, message, remedy })
    } else if (!(await liesWithin(release, file))) faults.push(outside(path, id, map.file))
  }
  return faults
}

/** Whether a path leads out of the release as it is written. */
function leadsOut(file: string): boolean {
  return file.startsWith('/') || /^[a-z]:/i.test(file) || file.split(/[\\/]/).includes('..')
}

async function liesWithin(folder: string, file: string): Promise<boolean> {
  const way = relative(await realpath(folder), await realpath(file))
  return way !== '..' && !way.startsWith(`..${sep}`)
}

function outside(path: readonly string[], id: string, file: string): Fault {
  const message = `Route ${id}: “${file}” does not lie in the release.`
  const remedy = 'Put the file into the release, such as `functions/desk.mjs`, and not a link that leads elsewhere.'
  return { code: 'path-outside', path, message, remedy }
}
