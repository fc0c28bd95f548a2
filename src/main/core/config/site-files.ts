import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join, relative, sep } from 'node:path'
import { type Fault, pathText } from './problem-report.ts'
import { referencesIn } from './references.ts'
import type { ServiceDefinition, SiteDefinition } from './types.ts'
import { resolveCwd, resolveDatabase, resolveRun, variablesOf } from './variables.ts'

/** Where a definition is looked at: the site folder, its release, and the folders in which programs are found. */
export interface Ground {
  readonly directory: string
  readonly release: string
  readonly searchPath: string
}

/** Paths that leave the site folder, and a backup folder that lies in it: told from the file alone, wherever it lies. */
export function pathFaults(definition: SiteDefinition, { directory, release }: Ground): readonly Fault[] {
  const faults: Fault[] = []
  for (const service of runnable(definition)) {
    const { cwd, file } = placesOf(service, definition, directory, release)
    const ground = ['services', service.id]
    if (!isWithin(directory, cwd)) faults.push(escapes([...ground, 'cwd'], service.cwd))
    if (file !== undefined && !isWithin(directory, file)) faults.push(escapes([...ground, 'run'], service.run[0] ?? ''))
  }
  for (const service of Object.values(definition.services)) {
    const file = databaseFileOf(service, definition, directory, release)
    if (file === null || isWithin(directory, file)) continue
    const path = ['services', service.id, 'database', 'sqlite']
    const message = `${pathText(path)} leads to ${file}, which is not in the site folder.`
    const remedy = 'Move the database into the site’s data folder, where it is also backed up, and write `data/…`.'
    faults.push({ code: 'path-escapes', path, message, remedy })
  }
  const { folder } = definition.backup
  const path = ['backup', 'folder']
  if (folder !== null && !isAbsolute(folder)) {
    const message = `backup.folder is “${folder}”, which is not an absolute path.`
    faults.push({
      code: 'path-not-absolute',
      path,
      message,
      remedy: 'Write the whole path, such as `/mnt/backup/lab`.',
    })
  } else if (folder !== null && isWithin(directory, folder)) {
    const message = `backup.folder ${folder} lies inside the site folder, so that whatever destroys the site would destroy its backups.`
    faults.push({
      code: 'backup-inside-site',
      path,
      message,
      remedy: 'Choose a folder outside the site, best on another disk.',
    })
  }
  for (const [id, copy] of Object.entries(definition.backup.copies)) {
    if (copy.kind !== 'folder' || !isWithin(directory, copy.folder)) continue
    const message = `The copy ${id} of the backups lies inside the site folder, so that whatever destroys the site would destroy it.`
    const remedy = 'Choose a folder outside the site, best on another disk.'
    faults.push({ code: 'backup-inside-site', path: ['backup', 'copies', id, 'folder'], message, remedy })
  }
  return faults
}

/** What the file names but the disk does not have: release, scripts, programs, working directories. */
export async function diskFaults(definition: SiteDefinition, ground: Ground): Promise<readonly Fault[]> {
  if (!(await isFolder(ground.release))) {
    const message = `The release folder ${ground.release}, which \`current\` leads to, is missing.`
    return [
      {
        code: 'release-missing',
        path: ['services'],
        at: 'key',
        message,
        remedy: 'Restore the newest snapshot, or put the release back.',
      },
    ]
  }
  // One after the other: a disk that does not answer keeps one thread of those that all files go through, not each of them.
  const faults: Fault[] = []
  for (const service of runnable(definition)) faults.push(...(await serviceDiskFaults(service, definition, ground)))
  return faults
}

async function serviceDiskFaults(
  service: ServiceDefinition,
  definition: SiteDefinition,
  { directory, release, searchPath }: Ground,
): Promise<readonly Fault[]> {
  const faults: Fault[] = []
  const { cwd, file, program } = placesOf(service, definition, directory, release)
  const path = ['services', service.id, 'run']
  if (!isWithin(directory, cwd) || (file !== undefined && !isWithin(directory, file))) return []
  if (!(await isFolder(cwd))) {
    const message = `The working directory ${cwd} of service ${service.id} is missing.`
    const remedy = 'Make the folder, correct `cwd`, or restore the newest snapshot.'
    faults.push({ code: 'folder-missing', path: ['services', service.id, 'cwd'], message, remedy })
  }
  if (service.kind === 'node' && file !== undefined && !(await isFile(file))) {
    const message = `The script ${file} of service ${service.id} is missing.`
    const remedy = 'Correct `run`, or put the file back, for example by restoring the newest snapshot.'
    faults.push({ code: 'script-missing', path, message, remedy })
  }
  if (service.kind !== 'process') return faults
  if (file !== undefined || isAbsolute(program)) {
    const target = file ?? program
    if (!(await isFile(target))) {
      const message = `The program ${target} of service ${service.id} is missing.`
      const remedy = 'Correct `run`, install the program, or restore the newest snapshot.'
      faults.push({ code: 'program-missing', path, message, remedy })
    } else if (!(await isExecutable(target))) {
      const message = `The program ${target} of service ${service.id} may not be executed.`
      faults.push({ code: 'program-not-executable', path, message, remedy: `Run \`chmod +x ${target}\`.` })
    }
  } else if (!(await isOnPath(program, service.env.PATH ?? searchPath))) {
    const message = `The program ${program} of service ${service.id} is not installed: no folder of PATH has it.`
    faults.push({ code: 'program-missing', path, message, remedy: `Install ${program}, or write its whole path.` })
  }
  return faults
}

/** Services of the site's own that have something to run and whose references can be filled in. */
function runnable(definition: SiteDefinition): readonly ServiceDefinition[] {
  return Object.values(definition.services).filter(
    ({ kind, run, cwd }) =>
      (kind === 'node' || kind === 'process') && run.length > 0 && onlyFolders(cwd) && onlyFolders(run[0] ?? ''),
  )
}

function onlyFolders(text: string): boolean {
  return referencesIn(text).every(({ target }) => target.to === 'folder')
}

/** `file`: what is run, where it must lie in the site; undefined for a program that the machine has. */
function placesOf(service: ServiceDefinition, definition: SiteDefinition, directory: string, release: string) {
  const variables = variablesOf(directory, release)
  const words = { ...service, run: service.run.slice(0, 1) }
  const [program = ''] = resolveRun(words, definition, variables)
  const ownsProgram = service.kind === 'node' || (isAbsolute(program) && !isAbsolute(service.run[0] ?? ''))
  return { cwd: resolveCwd(service, definition, variables), program, file: ownsProgram ? program : undefined }
}

function databaseFileOf(service: ServiceDefinition, definition: SiteDefinition, directory: string, release: string) {
  const { database } = service
  if (database?.target.engine !== 'sqlite' || !onlyFolders(database.target.file)) return null
  const target = resolveDatabase(database, service, definition, variablesOf(directory, release))
  return target.engine === 'sqlite' ? target.file : null
}

function escapes(path: readonly (string | number)[], text: string): Fault {
  const message = `${pathText(path)} is “${text}”, which leads out of the site folder.`
  return {
    code: 'path-escapes',
    path,
    message,
    remedy: 'Use a path below the release, without `../` leading out of the site.',
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

async function isOnPath(program: string, searchPath: string): Promise<boolean> {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat', ''] : ['']
  const candidates = searchPath
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => endings.map((ending) => join(folder, program + ending)))
  for (const candidate of candidates) if ((await isFile(candidate)) && (await isExecutable(candidate))) return true
  return false
}
