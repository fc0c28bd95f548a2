import { execFile } from 'node:child_process'
import type { Dirent } from 'node:fs'
import { copyFile, lstat, mkdir, open, readdir, readFile, readlink, realpath, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { promisify } from 'node:util'
import { newId, type Processes, type ProcessIdentity, type Runtime, writeDurably } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'

const run = promisify(execFile)

/** Below the user's data folder: copies of sites that runs in the testing environment work on. */
const folderName = 'testing'
const ownerName = 'owner.json'
/** How long a database may take to be copied. Milliseconds. */
const databaseWithinMs = 120_000

/** A copy of a site to be worked on and thrown away. Disposing it removes the copy. */
export interface ThrowAway extends AsyncDisposable {
  /** Real path of the site that it is a copy of. */
  readonly of: string
  /** Folder of the copy. */
  readonly directory: string
  /** Folder for what the console keeps of it outside the site: backups and the like. */
  readonly userData: string
}

export interface ThrowAwayPorts {
  /** The user's data folder. */
  readonly data: string
  readonly runtime: Runtime
  readonly processes: Pick<Processes, 'identify' | 'isAlive'>
}

/**
 * Copies a site: site.yaml, what else lies in its folder, the release in use, its data. Not its logs, not the console's own folder. Databases
 * are copied through SQLite, so that one that is being written is whole in the copy. Rejects with `testing-not-copied` and leaves nothing then.
 */
export async function copyForTesting(site: string, ports: ThrowAwayPorts): Promise<ThrowAway> {
  const of = await realpath(site)
  const home = join(ports.data, folderName, newId('test'))
  const copy: ThrowAway = {
    of,
    directory: join(home, basename(of)),
    userData: join(home, 'user'),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true, maxRetries: 3 }),
  }
  try {
    await mkdir(copy.userData, { recursive: true, mode: 0o700 })
    await writeDurably(join(home, ownerName), JSON.stringify(ports.processes.identify(process.pid) ?? null))
    const release = await readlink(join(of, 'current')).then(
      (to) => resolve(of, to),
      () => null,
    )
    await copyTree(of, copy.directory, { root: of, copyRoot: copy.directory, release, runtime: ports.runtime })
    return copy
  } catch (error) {
    await copy[Symbol.asyncDispose]()
    throw new ConsoleError(
      'testing-not-copied',
      `The site in ${of} could not be copied for testing: ${error instanceof Error ? error.message : String(error)}.`,
      `Make room in ${ports.data}, or put right what cannot be read, and start again. The site itself was not touched.`,
      { cause: error },
    )
  }
}

/** Removes the copies that consoles left which were killed. Tells the folders that it removed. */
export async function removeLeftCopies({
  data,
  processes,
}: Omit<ThrowAwayPorts, 'runtime'>): Promise<readonly string[]> {
  const folder = join(data, folderName)
  const removed: string[] = []
  for (const name of await readdir(folder).catch(() => [])) {
    const home = join(folder, name)
    const owner = await ownerOf(home)
    if (owner && processes.isAlive(owner)) continue
    await rm(home, { recursive: true, force: true, maxRetries: 3 })
    removed.push(home)
  }
  return removed
}

async function ownerOf(home: string): Promise<ProcessIdentity | null> {
  try {
    return JSON.parse(await readFile(join(home, ownerName), 'utf8'))
  } catch {
    return null
  }
}

interface Way {
  readonly root: string
  readonly copyRoot: string
  /** Folder of the release in use; null: the site folder itself. */
  readonly release: string | null
  readonly runtime: Runtime
}

async function copyTree(from: string, to: string, way: Way): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const path = join(from, entry.name)
    if (!isLeftOut(path, entry, way)) await copyEntry(path, join(to, entry.name), entry, way)
  }
}

async function copyEntry(path: string, to: string, entry: Dirent, way: Way): Promise<void> {
  if (entry.isDirectory()) return copyTree(path, to, way)
  if (entry.isSymbolicLink()) return copyLink(path, to, way)
  if (!entry.isFile()) return // sockets, pipes and devices are of a run, not of the site
  if (await isDatabase(path)) {
    const request = JSON.stringify({ type: 'copy', from: path, to })
    await run(way.runtime.node, [way.runtime.program('database-copy'), request], { timeout: databaseWithinMs })
  } else await copyFile(path, to)
}

/** A link that leads out of the site would lead into what is real: it is left out. */
async function copyLink(path: string, to: string, { root, copyRoot }: Way): Promise<void> {
  const target = resolve(dirname(path), await readlink(path))
  if (target !== root && !target.startsWith(root + sep)) return
  await symlink(relative(dirname(to), join(copyRoot, relative(root, target))), to)
}

function isLeftOut(path: string, entry: Dirent, { root, release }: Way): boolean {
  const within = relative(root, path)
  if (within === '.wheelhouse' || within === 'logs') return true
  if (release !== null && dirname(path) === join(root, 'releases') && path !== release) return true
  // What belongs to a database goes into its copy.
  return entry.isFile() && /-(wal|shm|journal)$/.test(entry.name)
}

async function isDatabase(path: string): Promise<boolean> {
  if ((await lstat(path)).size < 512) return false
  await using file = await open(path, 'r')
  const header = Buffer.alloc(16)
  await file.read(header, 0, 16, 0)
  return header.toString('latin1') === 'SQLite format 3\0'
}
