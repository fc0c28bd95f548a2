import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import type { StartupLine } from '#shared/contract/startup.ts'
import { sizeInWords } from '#shared/size-words.ts'

/** What was measured before a site is opened. Sizes in bytes, times in milliseconds since 1970. */
export interface Measured {
  readonly node: string
  readonly wall: number
  readonly memory: { readonly available: number; readonly total: number }
  /** Files that the console may have open; null where that is not known. */
  readonly openFiles: number | null
  readonly disks: readonly { readonly what: string; readonly path: string; readonly free: number | null }[]
  readonly folders: readonly {
    readonly what: string
    readonly path: string
    /** Missing ones are made by whoever needs them. */
    readonly state: 'writable' | 'not writable' | 'missing'
    /** Whether other users may look into it; null where that is none of its business. */
    readonly open: boolean | null
  }[]
}

export interface MeasuredPlaces {
  readonly site: string
  readonly userData: string
  readonly openFiles: number | null
  readonly wall: number
  readonly memory: Measured['memory']
}

/** Below the first a start is told to be in danger, below the second it is warned of. Bytes. */
const disk = { failed: 100 * 1024 ** 2, warned: 1024 ** 3 }
const memory = { failed: 64 * 1024 ** 2, warned: 256 * 1024 ** 2 }
/** A service has some ten files open, a busy broker hundreds. */
const fewFiles = 1_024
/** This project began after it: a clock before it was never set, as on a board without a battery. */
const clockBegins = Date.UTC(2025, 0, 1)

/** Measures what {@link judge} looks at. Rejects for nothing: what cannot be measured is told so. */
export async function measure({ site, userData, openFiles, wall, memory }: MeasuredPlaces): Promise<Measured> {
  const folder = async (what: string, path: string, isPrivate: boolean) => {
    const found = await stat(path).catch(() => null)
    if (!found) return { what, path, state: 'missing' as const, open: null }
    const writable = await access(path, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    )
    const open = isPrivate && process.platform !== 'win32' ? (found.mode & 0o077) !== 0 : null
    return { what, path, state: writable ? ('writable' as const) : ('not writable' as const), open }
  }
  const free = async (what: string, path: string) => ({
    what,
    path,
    free: await statfs(path).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => null,
    ),
  })
  return {
    node: process.versions.node,
    wall,
    memory,
    openFiles,
    disks: await Promise.all([free('the site', site), free('the console’s own folder', userData)]),
    folders: await Promise.all([
      folder('the site', site, false),
      folder('its data', `${site}/data`, false),
      folder('its logs', `${site}/logs`, false),
      folder('what the console keeps in it', `${site}/.wheelhouse`, true),
      folder('the console’s own folder', userData, true),
    ]),
  }
}

/** What was measured, judged. Pure. */
export function judge(measured: Measured): readonly StartupLine[] {
  return [
    nodeLine(measured),
    diskLine(measured),
    memoryLine(measured),
    filesLine(measured),
    foldersLine(measured),
    clockLine(measured),
  ]
}

function nodeLine({ node }: Measured): StartupLine {
  const line = { id: 'node', title: 'Node' }
  if (Number(node.split('.')[0]) >= 24) return { ...line, state: 'passed', sentence: `Version ${node}.` }
  return { ...line, state: 'failed', sentence: `Version ${node} is too old: the console is made for 24.` }
}

function diskLine({ disks }: Measured): StartupLine {
  const line = { id: 'disk', title: 'Disk' }
  const known = disks.flatMap(({ what, path, free }) => (free === null ? [] : [{ what, path, free }]))
  const [least] = known.toSorted((one, other) => one.free - other.free)
  if (!least) return { ...line, state: 'warned', sentence: 'How much room there is could not be told.' }
  if (least.free >= disk.warned)
    return { ...line, state: 'passed', sentence: `${sizeInWords(least.free)} free where ${least.what} is.` }
  const sentence = `Only ${sizeInWords(least.free)} free where ${least.what} is (${least.path}). Make room before it is full.`
  return { ...line, state: least.free < disk.failed ? 'failed' : 'warned', sentence }
}

function memoryLine({ memory: { available, total } }: Measured): StartupLine {
  const line = { id: 'memory', title: 'Memory' }
  const words = `${sizeInWords(available)} of ${sizeInWords(total)} available`
  if (available >= memory.warned) return { ...line, state: 'passed', sentence: `${words}.` }
  const sentence = `Only ${words}. End programs that are not needed.`
  return { ...line, state: available < memory.failed ? 'failed' : 'warned', sentence }
}

function filesLine({ openFiles }: Measured): StartupLine {
  const line = { id: 'open-files', title: 'Open files' }
  if (openFiles === null)
    return { ...line, state: 'skipped', sentence: 'This system has no such limit that can be read.' }
  if (openFiles >= fewFiles)
    return {
      ...line,
      state: 'passed',
      sentence: Number.isFinite(openFiles) ? `Up to ${openFiles} at once.` : 'Without a limit.',
    }
  const sentence = `Only ${openFiles} at once; a busy site needs ${fewFiles}. Raise it with ulimit -n, or LimitNOFILE= of the unit.`
  return { ...line, state: 'warned', sentence }
}

function foldersLine({ folders }: Measured): StartupLine {
  const line = { id: 'folders', title: 'Folders' }
  const locked = folders.find(({ state }) => state === 'not writable')
  if (locked) {
    const sentence = `${locked.path} (${locked.what}) cannot be written by this user. Give it to the user that runs the console.`
    return { ...line, state: 'failed', sentence }
  }
  const open = folders.find((folder) => folder.open)
  if (open) {
    const sentence = `Other users may look into ${open.path} (${open.what}). Take that away: chmod 700 ${open.path}`
    return { ...line, state: 'warned', sentence }
  }
  return { ...line, state: 'passed', sentence: 'Those that are written can be written, those that are private are.' }
}

function clockLine({ wall }: Measured): StartupLine {
  const line = { id: 'clock', title: 'Clock' }
  const shown = new Date(wall).toISOString().slice(0, 10)
  if (wall >= clockBegins) return { ...line, state: 'passed', sentence: `It says ${shown}.` }
  return {
    ...line,
    state: 'warned',
    sentence: `It says ${shown}, so it was not set. Times in the log, and what is kept how long, will be wrong.`,
  }
}
