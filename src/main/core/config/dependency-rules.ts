import { lstat, stat } from 'node:fs/promises'
import { validateHeaderValue } from 'node:http'
import { join, resolve, sep } from 'node:path'
import type { DependencyEntry } from './dependency-schema.ts'
import { nearest } from './nearest.ts'
import { type Fault, pathText } from './problem-report.ts'
import { referencesIn, replaceReferences } from './references.ts'
import type { SiteFile } from './site-schema.ts'
import type { SiteDefinition } from './types.ts'
import type { DocumentPath } from './yaml-text.ts'

/** Most that an answer from a file may have. Bytes. */
export const largestFallback = 1024 * 1024

/** What the keys of a dependency must have to do with each other, and uses of dependencies that there are not. */
export function dependencyFaults(file: SiteFile): readonly Fault[] {
  const each = Object.entries(file.dependencies).flatMap(([id, entry]) => [
    ...urlFaults(id, entry, file),
    ...breakerFaults(id, entry),
    ...fallbackFaults(id, entry),
    ...checkFaults(id, entry),
    ...headerFaults(id, entry),
  ])
  return [...each, ...faultsOfUses(file)]
}

/** Files of fallbacks that are not there, not in the release, or too large. */
export async function fallbackFileFaults(definition: SiteDefinition, release: string): Promise<readonly Fault[]> {
  const faults = Object.values(definition.dependencies).map(async ({ id, fallback }): Promise<readonly Fault[]> => {
    if (!fallback || !('file' in fallback.from)) return []
    const path = ['dependencies', id, 'fallback', 'file']
    const file = resolve(release, fallback.from.file)
    if (!`${file}${sep}`.startsWith(join(release, sep))) {
      const message = `${pathText(path)} leads to ${file}, which is not in the release.`
      return [{ code: 'path-escapes', path, message, remedy: 'Write a path below the release.' }]
    }
    const found = await stat(file).catch(() => null)
    const linked = await lstat(file).catch(() => null)
    if (!found?.isFile() || linked?.isSymbolicLink()) {
      const message = `The fallback answer ${file} of ${id} is not there, or is no plain file.`
      return [{ code: 'file-missing', path, message, remedy: 'Put the file there, or write the answer as `body`.' }]
    }
    if (found.size <= largestFallback) return []
    const message = `The fallback answer ${file} of ${id} has ${found.size} bytes; an answer has at most 1 MB.`
    return [{ code: 'file-too-big', path, message, remedy: 'Make the answer smaller.' }]
  })
  return (await Promise.all(faults)).flat()
}

function urlFaults(id: string, { url }: DependencyEntry, file: SiteFile): readonly Fault[] {
  const path = ['dependencies', id, 'url']
  const wrong = referencesIn(url).find(({ target }) => {
    if (target.to !== 'port') return true
    const service = Object.hasOwn(file.services, target.service) ? file.services[target.service] : undefined
    return !service || !Object.hasOwn(service.ports, target.port)
  })
  if (wrong) {
    const message = `${pathText(path)} uses \${${wrong.name}}, which may not stand there or refers to nothing.`
    const remedy = 'Of references only ${services.ID.ports.NAME} may stand in the address of a dependency.'
    return [{ code: 'variable-unknown', path, message, remedy }]
  }
  const address = replaceReferences(url, () => '1')
  const bad = (why: string): readonly Fault[] => [
    {
      code: 'address-bad',
      path,
      // An address with a password must not be repeated in a message that is shown and logged.
      message: `The address of the dependency ${id} ${why}.`,
      remedy: 'Write it like `https://api.example.com/v1`.',
    },
  ]
  if (!URL.canParse(address)) return bad('is not a web address')
  const { protocol, username, password, search, hash } = new URL(address)
  if (protocol !== 'http:' && protocol !== 'https:') return bad(`begins with ${protocol}, not with http: or https:`)
  if (username !== '' || password !== '') {
    const [fault] = bad('has a name or password in it, where everybody who may read site.yaml sees it')
    const remedy = 'Hand it over in `headers`: `authorization: "Bearer ${secrets.NAME}"`.'
    return fault ? [{ ...fault, code: 'password-in-file', remedy }] : []
  }
  return search !== '' || hash !== '' ? bad('has a query or a fragment, but calls add their own path') : []
}

function breakerFaults(id: string, { breaker }: DependencyEntry): readonly Fault[] {
  const path = ['dependencies', id, 'breaker']
  if (breaker.failures !== undefined && breaker.rate !== undefined) {
    const message = `The breaker of ${id} has both \`failures\` and \`rate\`; it goes by one of them.`
    return [{ code: 'breaker-unclear', path, at: 'key', message, remedy: 'Keep the one that is meant.' }]
  }
  if (breaker.rate !== undefined) return []
  return (['window', 'minimum'] as const).flatMap((key): readonly Fault[] => {
    if (breaker[key] === undefined) return []
    const message = `The breaker of ${id} has \`${key}\`, which only counts beside \`rate\`.`
    return [
      { code: 'key-not-for-kind', path: [...path, key], at: 'key', message, remedy: 'Remove it, or write `rate`.' },
    ]
  })
}

function fallbackFaults(id: string, { fallback }: DependencyEntry): readonly Fault[] {
  if (fallback && !isHeaderText(fallback.type)) return [badHeaderText(['dependencies', id, 'fallback', 'type'])]
  if (!fallback || (fallback.body === undefined) !== (fallback.file === undefined)) return []
  const found = fallback.body === undefined ? 'neither' : 'both'
  const message = `The fallback of ${id} must have one of \`body\` and \`file\`, but has ${found}.`
  const path = ['dependencies', id, 'fallback']
  return [{ code: 'fallback-unclear', path, at: 'key', message, remedy: 'Keep one of them.' }]
}

function checkFaults(id: string, { check }: DependencyEntry): readonly Fault[] {
  const path = ['dependencies', id, 'check', 'http']
  if (check.http === undefined || /^\/[\w\-./%?=&~]*$/.test(check.http)) return []
  const message = `The check of ${id} asks for “${check.http}”, which is not a path below its address.`
  return [{ code: 'address-bad', path, message, remedy: 'Write it like `/health`.' }]
}

/** Whether a text may stand in a header: no line breaks, nothing beyond Latin 1. */
export function isHeaderText(text: string): boolean {
  try {
    validateHeaderValue('x', text)
    return true
  } catch {
    return false
  }
}

function badHeaderText(path: DocumentPath): Fault {
  const message = `${pathText(path)} holds a line break or another character that may not stand in a header.`
  return { code: 'header-bad', path, message, remedy: 'Write it in one line of plain letters.' }
}

/** Of references only secrets, and names that the console sets itself are its own. */
function headerFaults(id: string, { headers }: DependencyEntry): readonly Fault[] {
  const own = ['host', 'connection', 'content-length', 'transfer-encoding', 'x-request-id', 'upgrade', 'expect', 'te']
  return Object.entries(headers).flatMap(([name, value]): readonly Fault[] => {
    const path: DocumentPath = ['dependencies', id, 'headers', name]
    if (own.includes(name.toLowerCase())) {
      const message = `${pathText(path)} is a header that the console sets itself.`
      return [{ code: 'header-not-free', path, at: 'key', message, remedy: 'Remove it.' }]
    }
    const wrong = referencesIn(value).find(({ target }) => target.to !== 'secret')
    if (wrong) {
      const message = `${pathText(path)} uses \${${wrong.name}}, but only \${secrets.NAME} may stand in a header.`
      return [{ code: 'variable-unknown', path, message, remedy: 'Write the value itself, or keep it as a secret.' }]
    }
    if (!isHeaderText(value)) return [badHeaderText(path)]
    if (name.toLowerCase() !== 'authorization' || referencesIn(value).length > 0) return []
    const message = `${pathText(path)} stands in site.yaml itself, where everybody who may read the file sees it.`
    const remedy = 'Keep it as a secret, and write `authorization: "Bearer ${secrets.NAME}"`.'
    return [{ code: 'password-in-file', path, message, remedy }]
  })
}

function faultsOfUses(file: SiteFile): readonly Fault[] {
  const known = Object.keys(file.dependencies)
  return Object.entries(file.services).flatMap(([service, { uses, kind }]) => {
    const ids = Array.isArray(uses) ? uses : Object.keys(uses)
    return ids.flatMap((id, index): readonly Fault[] => {
      const path = ['services', service, 'uses', Array.isArray(uses) ? index : id]
      const at = Array.isArray(uses) ? 'value' : 'key'
      if (!known.includes(id)) {
        const near = nearest(id, known)
        const message = `Service ${service} uses ${id}, but there is no dependency ${id}.`
        const remedy = near ? `Write \`${near}\`, or add a dependency \`${id}\`.` : `Add it under \`dependencies\`.`
        return [{ code: 'dependency-unknown', path, at, message, remedy }]
      }
      if (kind === 'node' || kind === 'process') return []
      const message = `Service ${service} is of kind ${kind}, which calls no dependencies.`
      return [{ code: 'key-not-for-kind', path, at, message, remedy: 'Remove `uses`.' }]
    })
  })
}
