import { join } from 'node:path'
import { environments, usualEnvironment } from '#core/environment.ts'
import { crashPointsFrom, type Logger, systemClock, systemProcesses, userFolders } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { Console } from '../console/index.ts'
import { assertChosen } from '../console/launch/assert-chosen.ts'
import { type Launch, readLaunch } from '../console/launch/index.ts'
import { findNodePlaces } from '../console/node-places.ts'
import { runHeadless } from './host.ts'
import { logFile } from './log-file.ts'
import { stopRequests } from './stop-requests.ts'

/**
 * Starts the headless host with the arguments of its command line; `entryFolder` is where the program that was started lies.
 * Resolves with the exit code: 2 for arguments that are wrong, 1 when it could not start.
 */
export async function startHeadless(args: readonly string[], entryFolder: string): Promise<number> {
  const { version } = findNodePlaces(entryFolder)
  const read = readLaunch(args, { workingDirectory: process.cwd(), env: process.env, version })
  if (read.kind === 'launch') return hostSite(read.launch, entryFolder)
  const terminal = read.code === 0 ? process.stdout : process.stderr
  terminal.write(`${read.text}\n`)
  return read.code
}

/** What the command line asked for and this site does not have: told at once, instead of on a page that nobody has opened. */
const wronglyCalled = ['service-unknown', 'choice-contradicts']

/** Runs the host until it is asked to stop; resolves with the exit code. */
export async function hostSite(options: Launch, entryFolder: string): Promise<number> {
  const tell = (line: string) => void process.stderr.write(`${line}\n`)
  // Whoever read the address may be gone; that is no reason to stop a site.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  const folders = userFolders(process.env)
  const places = findNodePlaces(entryFolder)
  const clock = systemClock({ keepAlive: true })
  const environment = options.environment ?? usualEnvironment(places.installed)
  const rules = environments[environment]
  const logger = logFile(join(folders.data, 'logs', 'console.log'), rules.log, (level, line) =>
    tell(`${level} ${line}`),
  )
  surviveStrayErrors(logger)
  using stop = stopRequests(process, clock)
  try {
    await assertChosen(options, environment, join(folders.data, 'sites', 'consultease'))
    return await runHeadless({
      patience: rules.patience,
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
          runsFor: options.environment,
          installed: places.installed,
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
    return wronglyCalled.includes(error.problem.code) ? 2 : 1
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
