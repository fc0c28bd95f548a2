import { access, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Clock, UserFolders } from '#core/platform/index.ts'
import type { Connection } from '#shared/client/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { firstState } from './first-state.ts'
import { siteOpened } from './opened-site.ts'
import { consoleOf, runningConsoles } from './running-consoles.ts'
import type { Terminal } from './terminal.ts'

/** A console that a command can speak to. Disposing it gives back what was opened for the command. */
export interface Reached extends AsyncDisposable {
  readonly connection: Connection
  /** Whether a host runs; else the site was opened for this command alone, and nothing runs because of it. */
  readonly live: boolean
}

export interface ReachOptions {
  /** `--site`, as it was written. */
  readonly site: string | undefined
  readonly workingDirectory: string
  readonly folders: UserFolders
  readonly clock: Clock
  /** Where it is shown that a site is waited for. */
  readonly terminal: Pick<Terminal, 'progress'>
  /** Opens a site for one command; null is the sample site. */
  openOffline(directory: string | null): Promise<Reached>
}

/**
 * Finds the site that a command is for and reaches it: the site of `--site`; else the one that a running console has open; else
 * that of the current folder; else the sample. With `need` "host" a site that no console has open is refused, saying how to
 * start one. A console that is still opening the site is waited for; one that gives that up counts as none. Rejects with
 * `site-missing`, `several-consoles`, `host-needed`, `site-opening`, or why the site cannot be opened.
 */
export async function reach(options: ReachOptions, need: 'host' | 'any'): Promise<Reached> {
  const directory = options.site === undefined ? null : await existing(resolve(options.workingDirectory, options.site))
  if (directory === null) {
    const found = await runningConsoles(options.folders, options.clock)
    const [only, another] = found
    if (only && !another && (await siteOpened(only, options))) return live(only)
    for (const connection of found) connection.close()
    if (another && !(await holdsSite(options.workingDirectory))) throw severalConsoles(await openSites(options))
  }
  const chosen = directory ?? ((await holdsSite(options.workingDirectory)) ? options.workingDirectory : null)
  const connection = chosen === null ? null : await consoleOf(options.folders, chosen, options.clock)
  if (connection && (await siteOpened(connection, options))) return live(connection)
  if (need === 'host') throw connection && chosen ? notOpened(chosen) : hostNeeded(chosen)
  return options.openOffline(chosen)
}

/**
 * The folder of the site that a command is for, where nothing needs to be opened: chosen as {@link reach} does. Whether a site
 * is there is for the command to see.
 */
export async function siteFolder(options: Omit<ReachOptions, 'openOffline'>): Promise<string> {
  if (options.site !== undefined) return resolve(options.workingDirectory, options.site)
  const directories = await openSites(options)
  if (directories.length === 1 && directories[0] !== undefined) return directories[0]
  if (await holdsSite(options.workingDirectory)) return options.workingDirectory
  if (directories.length > 1) throw severalConsoles(directories)
  return join(options.folders.data, 'sites', 'consultease')
}

function live(connection: Connection): Reached {
  return { connection, live: true, [Symbol.asyncDispose]: async () => connection.close() }
}

async function holdsSite(folder: string): Promise<boolean> {
  return access(join(folder, 'site.yaml')).then(
    () => true,
    () => false,
  )
}

async function existing(folder: string): Promise<string> {
  try {
    return await realpath(folder)
  } catch (error) {
    throw new ConsoleError(
      'site-missing',
      `There is no site in ${folder}: the folder does not exist or cannot be read.`,
      'Name the folder that holds site.yaml with --site.',
      { params: { folder }, cause: error },
    )
  }
}

function hostNeeded(directory: string | null): ConsoleError {
  const site = directory === null ? '' : ` --site ${directory}`
  return new ConsoleError(
    'host-needed',
    `No console runs for ${directory === null ? 'the sample site' : `the site in ${directory}`}, and this takes one: it must stay to watch over the services.`,
    `Start one with "wheelhouse start --headless${site}", or open the desktop app, and try again.`,
    { params: { directory } },
  )
}

function notOpened(directory: string): ConsoleError {
  return new ConsoleError(
    'site-not-loaded',
    `The console that runs could not open the site in ${directory}, and this takes one that has it open.`,
    `Its page and its log say why; "wheelhouse status --site ${directory}" looks at the site without it.`,
    { params: { directory } },
  )
}

/** Folders of the sites that running consoles have open. */
async function openSites({
  folders,
  clock,
  terminal,
}: Pick<ReachOptions, 'folders' | 'clock' | 'terminal'>): Promise<readonly string[]> {
  const connections = await runningConsoles(folders, clock)
  const opened = await Promise.all(connections.map((connection) => siteOpened(connection, { clock, terminal })))
  const states = await Promise.all(connections.filter((_, index) => opened[index]).map(firstState))
  for (const connection of connections) connection.close()
  return states.flatMap(({ site }) => (site.site ? [site.site.directory] : []))
}

function severalConsoles(directories: readonly string[]): ConsoleError {
  return new ConsoleError(
    'several-consoles',
    `Several consoles run, so it is not clear which site is meant: ${directories.join(', ')}.`,
    'Name the site with --site.',
    { params: { directories } },
  )
}
