import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { diskFaults, type SiteDefinition, type Variables } from '#core/config/index.ts'
import { counted, findingOf } from './findings.ts'
import type { CheckFinding } from './types.ts'

/** Everything that site.yaml names is on disk: release, scripts, programs, working directories. */
export async function checkFiles(
  definition: SiteDefinition,
  { site, release }: Variables,
  searchPath: string,
): Promise<CheckFinding> {
  const faults = await diskFaults(definition, { directory: site, release, searchPath })
  const run = Object.values(definition.services).filter(({ kind }) => kind === 'node' || kind === 'process')
  return findingOf(
    faults.map(({ message }) => message),
    {
      count: run.length,
      none: 'The site runs no program of its own.',
      good: `What ${counted(run.length, 'service')} run is there.`,
      bad: 'Not all that the services run is there',
    },
  )
}

/** Templates that are looked at; a site with more is not looked through for minutes. */
const mostTemplates = 2_000

/** Every file below `templates/` of the release can be read and has something in it. */
export async function checkTemplates({ release }: Variables): Promise<CheckFinding> {
  const folder = join(release, 'templates')
  let names: readonly string[]
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    names = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOENT') return { state: 'skipped', sentence: 'The release has no folder “templates”.' }
    const sentence = `The folder ${folder} cannot be read: ${code}.`
    return { state: 'failed', sentence, faults: [sentence] }
  }
  const faults: string[] = []
  for (const path of names.slice(0, mostTemplates)) {
    const fault = await faultOf(path)
    if (fault !== null) faults.push(fault)
  }
  return findingOf(faults, {
    count: names.length,
    none: 'The folder “templates” of the release is empty.',
    good: `${counted(Math.min(names.length, mostTemplates), 'template')} can be read.`,
    bad: 'Not all templates can be used',
  })
}

async function faultOf(path: string): Promise<string | null> {
  try {
    await using file = await open(path, 'r')
    return (await file.stat()).size > 0 ? null : `${path} is empty.`
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return `${path} cannot be read: ${code}.`
  }
}
