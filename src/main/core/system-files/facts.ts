import { ConsoleError } from '#shared/problem.ts'

/** What the files for the system are made from. Paths are absolute. */
export interface SystemFacts {
  readonly site: { readonly id: string; readonly name: string; readonly directory: string }
  /** Node that runs the console, and the console's program without a window. */
  readonly node: string
  readonly program: string
  /** The user that the console and its services run as, made for that. */
  readonly user: string
  readonly group: string
  /** The console's own folder of that user: `WHEELHOUSE_HOME`. */
  readonly userData: string
  /** Other folders that are written: backups elsewhere. */
  readonly writes: readonly string[]
  /** Port of the page on 127.0.0.1. */
  readonly port: number
  /** The lowest port that a service of the site listens on; null: none has one. */
  readonly lowestPort: number | null
  /** Whether services use devices of the machine: cameras, serial ports. */
  readonly devices: boolean
  /** Log files that services write by themselves, besides what the console keeps of their output. */
  readonly ownLogs: readonly string[]
  /** Name of the machine as browsers know it, for the nginx site. */
  readonly serverName: string
  /** Whether this machine has IPv6: nginx does not start where it is to listen there and cannot. */
  readonly ipv6: boolean
  readonly certificate: string
  readonly certificateKey: string
}

/** Throws `bad-input` for what no configuration file could hold: control characters, and names that are none. */
export function assertPrintable(facts: SystemFacts): void {
  for (const [what, text] of textsOf(facts)) {
    if (!hasControls(text)) continue
    throw refused(
      `${what} has a control character in it, which no configuration file can hold: ${JSON.stringify(text)}.`,
    )
  }
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(facts.user) || !/^[a-z_][a-z0-9_-]{0,31}$/.test(facts.group)) {
    throw refused(`${facts.user}:${facts.group} is no name of a user and a group of Linux.`)
  }
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(facts.serverName)) {
    throw refused(`${facts.serverName} is no name of a machine.`)
  }
}

function textsOf(facts: SystemFacts): readonly (readonly [string, string])[] {
  return [
    ['The name of the site', facts.site.name],
    ['The folder of the site', facts.site.directory],
    ['The path of Node', facts.node],
    ['The path of the console', facts.program],
    ['The user’s data folder', facts.userData],
    ['The path of the certificate', facts.certificate],
    ['The path of its key', facts.certificateKey],
    ...[...facts.writes, ...facts.ownLogs].map((path) => ['A path', path] as const),
  ]
}

function hasControls(text: string): boolean {
  return [...text].some((each) => each < ' ' || each === '\x7f')
}

function refused(message: string): ConsoleError {
  return new ConsoleError('bad-input', message, 'Use another one, and generate the file again.')
}
