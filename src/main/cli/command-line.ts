import { CommanderError } from 'commander'
import { type Clock, systemClock, type UserFolders, userFolders } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { launchOf } from '../console/launch/index.ts'
import { findNodePlaces, type NodePlaces } from '../console/node-places.ts'
import { startSmall } from '../console/small-start.ts'
import type { CommandContext } from './commands/context.ts'
import { exitCodeOf, exitCodes } from './exit-code.ts'
import { buildProgram, type CommonValues } from './program.ts'
import { type Reached, reach, siteFolder } from './reach.ts'
import { processTerminal, type Terminal } from './terminal.ts'
import { jsonText } from './words.ts'

/** Where a command line runs. */
export interface CommandLineOptions {
  readonly terminal: Terminal
  readonly workingDirectory: string
  readonly folders: UserFolders
  readonly clock: Clock
  readonly places: NodePlaces
  /** Folder of the program that was started, for a host that it becomes. */
  readonly entryFolder: string
}

/** Runs one command in this process's terminal; resolves with the exit code once all is written. A result that could not be is a failure. */
export async function runCommandLine(args: readonly string[], entryFolder: string): Promise<number> {
  const terminal = processTerminal()
  const code = await execute(args, {
    terminal,
    workingDirectory: process.cwd(),
    folders: userFolders(process.env),
    clock: systemClock({ keepAlive: true }),
    places: findNodePlaces(entryFolder),
    entryFolder,
  })
  const unwritten = await terminal.written()
  if (unwritten === null) return code
  terminal.err(`The result could not be written: ${unwritten.message}.`)
  terminal.err('Make room where it goes, or send it elsewhere, and give the command again. What it did is done.')
  await terminal.written()
  return code === exitCodes.done ? exitCodes.failed : code
}

/** Runs one command: 0 done, 1 failed, 2 wrongly called or not possible now. Says why on the terminal. */
export async function execute(args: readonly string[], options: CommandLineOptions): Promise<number> {
  const { terminal } = options
  let code: number = exitCodes.done
  let json = false
  const reachSite = (values: CommonValues, need: 'host' | 'any'): Promise<Reached> =>
    reach(
      {
        ...options,
        site: values.site,
        openOffline: async (directory) => {
          // Loaded only where it is needed: a command to a running console should answer at once.
          const { openOffline } = await import('./offline.ts')
          return openOffline(directory, options)
        },
      },
      need,
    )
  const program = buildProgram({
    version: options.places.version,
    terminal,
    workingDirectory: options.workingDirectory,
    places: options.places,
    context: (values): CommandContext => {
      json = values.json ?? false
      return { terminal, json, reach: (need) => reachSite(values, need) }
    },
    siteFolder: ({ site }) => siteFolder({ ...options, site }),
    runHost: async (values) => {
      startSmall()
      const { hostSite } = await import('../headless/start.ts')
      return hostSite(launchOf(values, { ...options, env: process.env }), options.entryFolder)
    },
    done: (result) => {
      code = result
    },
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    terminal.progress(null)
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.refused
    return failed(error, terminal, json)
  }
}

function failed(error: unknown, terminal: Terminal, json: boolean): number {
  const { problem } = error instanceof ConsoleError ? error : unexpected(error)
  if (json) terminal.out(jsonText({ problem }, 2))
  terminal.err(problem.message)
  terminal.err(problem.remedy)
  return exitCodeOf(problem)
}

/** A bug of the console, told as one: with what a report of it needs. */
function unexpected(error: unknown): ConsoleError {
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new ConsoleError(
    'unexpected',
    `The command line made a mistake of its own: ${told}`,
    'Try again; if it stays, report it with the lines above.',
    { cause: error },
  )
}
