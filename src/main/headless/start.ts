import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { crashPointsFrom, type Logger, systemClock, systemProcesses, userFolders } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { Console } from '../console/index.ts'
import { findNodePlaces } from '../console/node-places.ts'
import { runHeadless } from './host.ts'
import { logFile } from './log-file.ts'
import { addHostOptions, type HeadlessOptions, type HeadlessValues, headlessOptions } from './options.ts'
import { stopRequests } from './stop-requests.ts'

/**
 * Starts the headless host with the arguments of its command line; `entryFolder` is where the program that was started lies.
 * Resolves with the exit code: 2 for arguments that are wrong, 1 when it could not start.
 */
export async function startHeadless(args: readonly string[], entryFolder: string): Promise<number> {
  const command = addHostOptions(new Command('wheelhouse-headless'))
    .description('Runs the console without a window and prints the address of its page.')
    .option('--site <folder>', 'folder of the site; the sample when left out')
    .option('--json', 'print the address as one line of JSON')
    .option('--headless', 'accepted for the sake of npm start')
    .exitOverride()
  try {
    command.parse(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    throw error
  }
  return hostSite(headlessOptions(command.opts<HeadlessValues>(), process.cwd()), entryFolder)
}

/** Runs the host until it is asked to stop; resolves with the exit code. */
export async function hostSite(options: HeadlessOptions, entryFolder: string): Promise<number> {
  const tell = (line: string) => void process.stderr.write(`${line}\n`)
  // Whoever read the address may be gone; that is no reason to stop a site.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  const folders = userFolders(process.env)
  const places = findNodePlaces(entryFolder)
  const clock = systemClock({ keepAlive: true })
  const logger = logFile(join(folders.data, 'logs', 'console.log'), (level, line) => {
    if (level !== 'debug') tell(`${level} ${line}`)
  })
  surviveStrayErrors(logger)
  using stop = stopRequests(process, clock)
  try {
    return await runHeadless({
      options,
      renderer: places.renderer,
      installed: places.installed,
      clock,
      logger,
      stop,
      print: (line) => void process.stdout.write(`${line}\n`),
      tell,
      openConsole: () =>
        Console.open({
          host: 'headless',
          version: places.version,
          folders,
          runtime: places.runtime,
          resources: places.resources,
          dialogs: null,
          logger,
          clock,
          processes: systemProcesses({ clock, logger, runtime: places.runtime }),
          crashPoints: crashPointsFrom(process.env),
          random: Math.random,
        }),
    })
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error
    tell(error.problem.message)
    tell(error.problem.remedy)
    return 1
  }
}

/** An error that nothing caught is a bug of the console: services of a lab do not stop because a line of the console threw. */
function surviveStrayErrors(logger: Logger): void {
  const take = (error: unknown) =>
    logger.error('The console made a mistake of its own.', {
      error: error instanceof Error ? error.stack : String(error),
    })
  process.on('uncaughtException', take)
  process.on('unhandledRejection', take)
}
