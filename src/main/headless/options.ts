import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'

/** What a start without a window is told. */
export interface HeadlessOptions {
  /** Absolute folder of the site; null: the sample, or the site opened last. */
  readonly site: string | null
  /** 0: a free one. */
  readonly port: number
  readonly host: string
  /** Whether the site's services are started. */
  readonly start: boolean
  readonly json: boolean
  /** What becomes of the services when the host stops. */
  readonly onExit: 'stop' | 'leave'
}

/** The option values as commander leaves them. */
export interface HeadlessValues {
  readonly site?: string
  readonly port: number
  readonly host: string
  readonly start: boolean
  readonly json?: boolean
  readonly onExit: 'stop' | 'leave'
}

/** Adds the headless host's options to a command, all but `--site` and `--json`, which every command has. */
export function addHostOptions(command: Command): Command {
  return command
    .option('--port <number>', 'port of the page; a free one when left out', parsePort, 0)
    .option(
      '--host <address>',
      'address to listen on; beyond 127.0.0.1 the page is reachable from the network',
      '127.0.0.1',
    )
    .option('--no-start', 'open the site without starting its services')
    .addOption(
      new Option('--on-exit <what>', 'what becomes of the services when this ends')
        .choices(['stop', 'leave'])
        .default('stop'),
    )
}

export function headlessOptions(values: HeadlessValues, workingDirectory: string): HeadlessOptions {
  return {
    site: values.site === undefined ? null : resolve(workingDirectory, values.site),
    port: values.port,
    host: values.host,
    start: values.start,
    json: values.json ?? false,
    onExit: values.onExit,
  }
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('A port is a number from 1 to 65535, or 0 for a free one.')
}
