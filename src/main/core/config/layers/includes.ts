import { realpath } from 'node:fs/promises'
import { extname, isAbsolute, join, relative, sep } from 'node:path'
import type { ConfigProblem } from '#shared/contract/state.ts'
import { childOf } from '../documents.ts'
import type { Fault } from '../problem-report.ts'
import { readTextFile } from '../site-text.ts'
import { readYaml } from '../yaml-text.ts'
import { readIni } from './ini-text.ts'
import { fileLayer, type Layer } from './layer.ts'
import { pathLayer } from './texts.ts'

/** More files than a person keeps in order. */
const most = 32

/** What was read of the included files. */
export interface Includes {
  readonly layers: readonly Layer[]
  /** What is wrong with `include` itself, and what is wrong inside the files. */
  readonly faults: readonly Fault[]
  readonly problems: readonly ConfigProblem[]
  /** Name as it is written in site.yaml, and content. */
  readonly texts: ReadonlyMap<string, string>
}

/**
 * Reads the files that `include` of site.yaml names: `.yaml`, `.yml`, `.json` and `.ini` below the site folder, in their order, the last
 * one wins. `given` are texts to take instead of those on disk, by name.
 */
export async function readIncludes(
  directory: string,
  document: unknown,
  given?: ReadonlyMap<string, string>,
): Promise<Includes> {
  const names = childOf(document, 'include')
  const layers: Layer[] = []
  const faults: Fault[] = []
  const problems: ConfigProblem[] = []
  const texts = new Map<string, string>()
  // Anything else is told by the schema.
  const list = Array.isArray(names) ? names : []
  for (const [index, name] of list.slice(0, most).entries()) {
    if (typeof name !== 'string' || name === '') continue
    const path = ['include', index]
    const fault = (code: string, message: string, remedy: string) => faults.push({ code, path, message, remedy })
    const ending = extname(name).toLowerCase()
    if (!['.yaml', '.yml', '.json', '.ini'].includes(ending)) {
      fault(
        'include-kind',
        `include names ${name}, which is none of YAML, JSON and INI.`,
        'Name a file that ends in .yaml, .json or .ini.',
      )
      continue
    }
    const file = join(directory, name)
    const text = given ? (given.get(name) ?? null) : await textOf(directory, file)
    if (text === null || typeof text !== 'string') {
      const why = text === null ? 'which is not there' : `which ${text.why}`
      fault(
        text === null ? 'include-missing' : text.code,
        `include names ${name}, ${why}.`,
        'Put the file back, or take it out of `include`.',
      )
      continue
    }
    if (isAbsolute(name) || outside(directory, file)) {
      fault(
        'path-escapes',
        `include names ${name}, which is not in the site folder.`,
        'Move the file into the site folder.',
      )
      continue
    }
    texts.set(name, text)
    if (ending === '.ini') {
      const read = readIni(text, file)
      if (read.ok) layers.push(pathLayer('include', name, read.values))
      else problems.push(...read.problems)
    } else if (text.trim() !== '') {
      const read = readYaml(text, file)
      if (read.ok) layers.push(fileLayer('include', name, file, read.yaml))
      else problems.push(...read.problems)
    }
  }
  return { layers, faults, problems, texts }
}

async function textOf(directory: string, file: string): Promise<string | null | { code: string; why: string }> {
  const real = await realpath(file).catch(() => null)
  if (real === null) return null
  if (outside(directory, file) || outside(await realpath(directory), real))
    return { code: 'path-escapes', why: 'leads out of the site folder' }
  const read = await readTextFile(file)
  return 'text' in read ? read.text : { code: 'include-unreadable', why: read.why }
}

function outside(directory: string, file: string): boolean {
  const way = relative(directory, file)
  return way === '' || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)
}
