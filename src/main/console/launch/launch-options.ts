import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type EnvironmentName, environmentNames } from '#shared/environment.ts'
import { nearest } from '#shared/nearest.ts'
import { ConsoleError } from '#shared/problem.ts'
import { idSchema } from '#shared/vocabulary.ts'
import type { Launch } from './launch.ts'

/** The values of the options as commander leaves them. */
export interface LaunchValues {
  readonly site?: string
  readonly environment?: EnvironmentName
  readonly only?: readonly string[]
  readonly without?: readonly string[]
  readonly headless?: boolean
  readonly start: boolean
  readonly port: number
  readonly host: string
  readonly onExit: Launch['onExit']
  readonly json?: boolean
  readonly follow?: boolean
}

/** The options of a start that say how the console without a window runs, by commander's names of their values. */
export const hostValues = ['port', 'host', 'start', 'onExit', 'environment', 'only', 'without'] as const

/**
 * Adds the options of a start to a command: all but `--site`, `--json`, `--headless` and `--follow`, which the command line has in places of its
 * own.
 */
export function addLaunchOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--environment <name>',
        `what the console is run for: ${environmentNames.join(', ')}; else what WHEELHOUSE_ENVIRONMENT says`,
      ).argParser(environmentNamed),
    )
    .option('--only <service>', 'start this service with what it needs, and no other; may be given again', services)
    .option('--without <service>', 'leave this service out, with those that need it; may be given again', services)
    .option('--port <number>', 'port of the page; a free one when left out', portNumber, 0)
    .option(
      '--host <address>',
      'address to listen on; beyond 127.0.0.1 the page is reachable from the network',
      listenAddress,
      '127.0.0.1',
    )
    .option('--no-start', 'open the site without starting its services')
    .addOption(
      new Option('--on-exit <what>', 'what becomes of the services when this ends')
        .choices(['stop', 'leave'])
        .default('stop'),
    )
}

/**
 * What a start asks for, from the values of its options; the environment from the variable `WHEELHOUSE_ENVIRONMENT` where no option says it.
 * Throws `bad-input` when that names none.
 */
export function launchOf(
  values: LaunchValues,
  { workingDirectory, env }: { readonly workingDirectory: string; readonly env: NodeJS.ProcessEnv },
): Launch {
  return {
    site: values.site === undefined ? null : resolve(workingDirectory, values.site),
    environment: values.environment ?? environmentIn(env),
    only: [...(values.only ?? [])],
    without: [...(values.without ?? [])],
    headless: values.headless ?? false,
    start: values.start,
    port: values.port,
    host: values.host,
    onExit: values.onExit,
    json: values.json ?? false,
    follow: values.follow ?? false,
  }
}

/** The environment that the variable names; null without it. Throws `bad-input` when there is none of that name. */
export function environmentIn(env: NodeJS.ProcessEnv): EnvironmentName | null {
  const text = env.WHEELHOUSE_ENVIRONMENT
  if (!text) return null
  const found = environmentNames.find((name) => name === text)
  if (found !== undefined) return found
  throw new ConsoleError(
    'bad-input',
    `The variable WHEELHOUSE_ENVIRONMENT says ${text}, and there is no such environment.${meant(text, environmentNames)}`,
    `Set it to one of ${environmentNames.join(', ')}, or take it away.`,
  )
}

function environmentNamed(text: string): EnvironmentName {
  const found = environmentNames.find((name) => name === text)
  if (found !== undefined) return found
  throw new InvalidArgumentError(
    `There is no environment ${text}.${meant(text, environmentNames)} It is one of ${environmentNames.join(', ')}.`,
  )
}

/** `--only api --only kiosk`, or `--only api,kiosk`. */
function services(text: string, before: readonly string[] = []): readonly string[] {
  const named = text.split(',').map((part) => part.trim())
  for (const name of named) {
    if (!idSchema.safeParse(name).success)
      throw new InvalidArgumentError(
        `"${name}" is no id of a service: those are small letters, digits and dashes, such as desk-units.`,
      )
  }
  return [...new Set([...before, ...named])]
}

function portNumber(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('A port is a number from 1 to 65535, or 0 for a free one.')
}

function listenAddress(text: string): string {
  if (/^[0-9A-Za-z.:_-]{1,253}$/.test(text)) return text
  throw new InvalidArgumentError('It is an address of this machine, such as 127.0.0.1 or 192.168.1.20, without a port.')
}

/** " Did you mean production?", or nothing where nothing is near. A beginning, as `prod`, is near enough. */
function meant(word: string, known: readonly string[]): string {
  const near = known.find((each) => word.length > 2 && each.startsWith(word.toLowerCase())) ?? nearest(word, known)
  return near === undefined ? '' : ` Did you mean ${near}?`
}
