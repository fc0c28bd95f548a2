import { readdir, writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { loadSite, type SiteDefinition } from '#core/config/index.ts'
import { logrotateRule, nginxSite, type SystemFacts, systemdUnit } from '#core/system-files/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { NodePlaces } from '../../console/node-places.ts'
import { exitCodes } from '../exit-code.ts'
import { type CommandContext, show } from './context.ts'

export const systemFiles = { systemd: systemdUnit, nginx: nginxSite, logrotate: logrotateRule } as const
export type SystemFile = keyof typeof systemFiles

export interface GenerateOptions {
  readonly to?: string
  readonly force?: boolean
  readonly user: string
  readonly home: string
  readonly port: number
  readonly serverName: string
  readonly certificate: string
  readonly certificateKey: string
  readonly devices?: boolean
}

/** `wheelhouse generate systemd|nginx|logrotate`: a file for the system, from the site.yaml of a folder. Opens nothing; writes where `--to` says. */
export async function generate(
  context: CommandContext,
  what: SystemFile,
  directory: string,
  options: GenerateOptions,
  { workingDirectory, places }: { readonly workingDirectory: string; readonly places: NodePlaces },
): Promise<number> {
  const facts = await factsOf(directory, options, places)
  const text = systemFiles[what](facts)
  if (options.to === undefined) {
    show(context, { what, directory, text }, text.trimEnd())
    return exitCodes.done
  }
  const file = resolve(workingDirectory, options.to)
  await write(file, text, options.force ?? false)
  show(context, { what, directory, file }, `${file} was written. What to do with it stands at its beginning.`)
  return exitCodes.done
}

async function factsOf(directory: string, options: GenerateOptions, places: NodePlaces): Promise<SystemFacts> {
  const loaded = await loadSite(directory, { profile: 'production', given: { environment: process.env } })
  const { definition } = loaded
  if (!definition) {
    const [first] = loaded.valid ? [] : loaded.problems
    throw new ConsoleError(
      'site-invalid',
      `site.yaml of ${directory} cannot be used: ${first?.message ?? 'it could not be read'}`,
      'See "wheelhouse config check", put it right, and generate the file again.',
    )
  }
  const ports = Object.values(definition.services).flatMap((service) => Object.values(service.ports))
  return {
    site: { id: definition.id, name: definition.name, directory },
    node: places.runtime.node,
    program: join(dirname(places.runtime.program('starter')), 'headless.js'),
    user: options.user,
    group: options.user,
    userData: options.home,
    writes: foldersElsewhere(definition),
    port: options.port,
    lowestPort: ports.length === 0 ? null : Math.min(...ports),
    devices: options.devices ?? false,
    ownLogs: await ownLogsIn(join(directory, 'logs')),
    serverName: options.serverName,
    ipv6: Object.values(networkInterfaces()).some((each) => each?.some(({ family }) => family === 'IPv6')),
    certificate: options.certificate,
    certificateKey: options.certificateKey,
  }
}

/** Folders outside the site that site.yaml has written: backups and rehearsals. */
function foldersElsewhere({ backup }: SiteDefinition): readonly string[] {
  return [backup.folder, backup.rehearsal.folder].filter((folder) => folder !== null)
}

/** Logs that services write by themselves now: what is no output that the console keeps. */
async function ownLogsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => name.endsWith('.log') && !/\.(out|err)\.log$/.test(name))
    .sort()
    .map((name) => join(folder, name))
}

async function write(file: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx', mode: 0o644 })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EEXIST') {
      const remedy = 'Name another file, or write over it with --force.'
      throw new ConsoleError('export-exists', `${file} exists already.`, remedy, { params: { file } })
    }
    throw new ConsoleError(
      'file-not-written',
      `${file} could not be written: ${error instanceof Error ? error.message : String(error)}.`,
      'Name a folder that this user may write to, and copy the file from there.',
      { cause: error },
    )
  }
}
