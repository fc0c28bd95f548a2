import { Command, CommanderError } from 'commander'
import { nearest } from '#shared/nearest.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Launch } from './launch.ts'
import { addLaunchOptions, type LaunchValues, launchOf } from './launch-options.ts'
import { toldMistake } from './told-mistake.ts'

/** What came of reading a command line: what to start, or what to say instead, and the exit code after it. */
export type ReadLaunch =
  | {
      readonly kind: 'launch'
      readonly launch: Launch
      /** The arguments that it was read from. */
      readonly args: readonly string[]
    }
  | { readonly kind: 'told'; readonly text: string; readonly code: 0 | 2 }

export interface LaunchPlace {
  readonly workingDirectory: string
  readonly env: NodeJS.ProcessEnv
  readonly version: string
}

/** Reads the arguments of a program that is the console itself. Anything that it does not know is a mistake. */
export function readLaunch(args: readonly string[], place: LaunchPlace): ReadLaunch {
  const said: string[] = []
  const command = launchCommand(place.version).configureOutput({
    writeOut: (text) => said.push(text),
    writeErr: (text) => said.push(text),
    outputError: (text, write) => write(toldMistake(text)),
  })
  try {
    command.parse(args, { from: 'user' })
    return { kind: 'launch', launch: launchOf(command.opts<LaunchValues>(), place), args }
  } catch (error) {
    if (error instanceof CommanderError)
      return { kind: 'told', text: said.join('\n').trimEnd(), code: error.exitCode === 0 ? 0 : 2 }
    if (!(error instanceof ConsoleError)) throw error
    return { kind: 'told', text: `${error.problem.message}\n${error.problem.remedy}`, code: 2 }
  }
}

/**
 * The same for the desktop app, whose command line is shared with Chromium and with whatever starts it: only what is an option of the console,
 * or nearly one, is looked at. `argv` begins with the program.
 */
export function readDesktopLaunch(argv: readonly string[], place: LaunchPlace): ReadLaunch {
  const read = readLaunch(ownArguments(argv.slice(1)), place)
  if (read.kind === 'told' || read.launch.headless) return read
  const { port, host } = read.launch
  if (port === 0 && host === '127.0.0.1') return read
  const text =
    '--port and --host say where the page of a console without a window is served. Add --headless, or leave them out.'
  return { kind: 'told', text, code: 2 }
}

function launchCommand(version: string): Command {
  return addLaunchOptions(new Command('wheelhouse'))
    .description('Runs the console.')
    .version(version, '-V, --version', 'print the version')
    .option('--site <folder>', 'folder of the site; else the one that was open last, or the sample')
    .option('--headless', 'run without a window and print the address of the page')
    .option('--json', 'print the address as one line of JSON')
    .option('--follow', 'tell each step of the start at the terminal')
    .exitOverride()
}

/** Switches of Chromium, Electron and Node that come near one of ours by chance. */
const foreign: ReadonlySet<string> = new Set(['--host-rules', '--test-type', '--inspect', '--trace'])

function ownArguments(args: readonly string[]): readonly string[] {
  const options = launchCommand('').options
  const names = options.flatMap(({ long }) => (long ? [long] : []))
  const own: string[] = []
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    const [name = ''] = arg.split('=')
    const option = options.find(({ long }) => long === name)
    if (option) {
      own.push(arg)
      const value = args[at + 1]
      if (option.required && !arg.includes('=') && value !== undefined) {
        own.push(value)
        at++
      }
    } else if (arg.startsWith('--') && !foreign.has(name) && isTypo(name, names)) own.push(arg)
  }
  return own
}

/** Nearer than `nearest` asks for: what is meant for Chromium must get there. */
function isTypo(name: string, names: readonly string[]): boolean {
  const near = nearest(name, names)
  return near !== undefined && name.length > 5 && Math.abs(near.length - name.length) <= 2 && near[2] === name[2]
}
