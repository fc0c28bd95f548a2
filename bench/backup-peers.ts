import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../test/support/needs.ts'

export const peers = {
  restic: 'Debian’s restic: repository version 2 with its own compression, encrypted, its cache in a folder of its own',
  borg: 'Debian’s borgbackup: zstd,3, encrypted (repokey-blake2), its cache in a folder of its own',
} as const

/** A backup program on one site and one repository, each of its commands run to its end. */
export interface BackupPeer {
  readonly name: string
  init(): void
  /** Takes a snapshot of the site. */
  backUp(): void
  /** Writes the newest snapshot into a new folder. */
  restore(to: string): void
  /** Reads every byte back. */
  verify(): void
  /** Bytes of the repository. */
  size(): number
}

/** The peer, or null with a note when its program is not installed. */
export function openPeer(
  name: string,
  { site, folder }: { readonly site: string; readonly folder: string },
  note: (line: string) => void,
): BackupPeer | null {
  const program = findProgram(name)
  if (program === null) {
    note(`not measured beside ${name}, which is missing: apt-get install ${name === 'borg' ? 'borgbackup' : name}`)
    return null
  }
  mkdirSync(folder, { recursive: true })
  const repository = join(folder, 'repository')
  const size = () => sizeOf(repository)
  if (name === 'restic') {
    const env = { RESTIC_PASSWORD: 'bench', RESTIC_CACHE_DIR: join(folder, 'cache'), RESTIC_REPOSITORY: repository }
    const run = (...args: string[]) => execute(program, [...args, '--quiet'], env, folder)
    return {
      name,
      init: () => run('init'),
      backUp: () => run('backup', site),
      restore: (to) => run('restore', 'latest', '--target', to),
      verify: () => run('check', '--read-data'),
      size,
    }
  }
  const env = { BORG_PASSPHRASE: 'bench', BORG_BASE_DIR: join(folder, 'base'), BORG_REPO: repository }
  let archives = 0
  return {
    name,
    init: () => execute(program, ['init', '--encryption', 'repokey-blake2'], env, folder),
    backUp: () => execute(program, ['create', '--compression', 'zstd,3', `::a${++archives}`, site], env, folder),
    restore(to) {
      mkdirSync(to)
      execute(program, ['extract', `::a${archives}`], env, to)
    },
    verify: () => execute(program, ['check', '--verify-data'], env, folder),
    size,
  }
}

/** Bytes of all files below a folder. */
export function sizeOf(folder: string): number {
  let sum = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) sum += statSync(join(entry.parentPath, entry.name)).size
  }
  return sum
}

/** Has what waits in memory written to the disk of a folder, so that nobody pays for what somebody else wrote. */
export function settle(folder: string): void {
  execFileSync('sync', ['-f', folder])
}

function execute(program: string, args: readonly string[], env: Readonly<Record<string, string>>, cwd: string): void {
  execFileSync(program, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: 16 * 1024 * 1024,
  })
}

/** Reads every file once, so that the page cache holds it for whoever comes next. */
export function readAll(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) readFileSync(join(entry.parentPath, entry.name))
  }
}
