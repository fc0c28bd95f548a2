import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { installSampleSite } from '#core/config/index.ts'
import { freePorts } from '../support/ports.ts'

/** Root of the project. */
export const projectRoot = join(import.meta.dirname, '../..')

/** The console under test as a person meets it: a page, a command line, and a process that can be killed. */
export interface Desk {
  /** "headless in Chromium", "desktop on the stand-in", "desktop on Electron". */
  readonly name: string
  readonly page: Page
  readonly pid: number
  /** Kills the console as by `kill -9`; its services live on. */
  kill(): Promise<void>
  /** Resolves when the console has ended by itself, such as at a crash point. */
  readonly ended: Promise<void>
  /** Quits in order: services stop. */
  quit(): Promise<void>
}

/** Starts the console on a home folder. `env` adds to its environment. */
export type LaunchDesk = (home: Home, env?: Readonly<Record<string, string>>) => Promise<Desk>

/** A user's home with the sample site in it, on ports of its own. */
export interface Home {
  readonly folder: string
  readonly site: string
  readonly env: Readonly<Record<string, string>>
  readonly ports: { readonly mqtt: number; readonly api: number; readonly kiosk: number }
}

/** Lays the sample site where the console will find it, with ports that are free here. */
export async function makeHome(folder: string): Promise<Home> {
  const site = join(folder, 'user', 'sites', 'consultease')
  await installSampleSite(join(projectRoot, 'resources/sites/consultease'), site)
  const [mqtt = 0, api = 0, kiosk = 0] = await freePorts(3)
  const file = join(site, 'site.yaml')
  const text = await readFile(file, 'utf8')
  await writeFile(
    file,
    text.replaceAll('18830', String(mqtt)).replaceAll('18101', String(api)).replaceAll('18102', String(kiosk)),
  )
  const env = { WHEELHOUSE_HOME: join(folder, 'user'), XDG_RUNTIME_DIR: join(folder, 'run') }
  return { folder, site, env, ports: { mqtt, api, kiosk } }
}

export interface CommandResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs `bin/wheelhouse` on a home, as a technician in a terminal would. */
export function wheelhouse(
  home: Home,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = execFile(
      join(projectRoot, 'bin/wheelhouse'),
      args,
      { env: { ...process.env, ...home.env, ...env }, timeout: 120_000, maxBuffer: 64 * 1_048_576 },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    )
    child.stdin?.end()
  })
}

/** Runs a command with `--json` and gives the document that it printed. */
export async function wheelhouseJson<T>(home: Home, args: readonly string[]): Promise<T> {
  const { code, out, err } = await wheelhouse(home, [...args, '--json'])
  if (code !== 0) throw new Error(`wheelhouse ${args.join(' ')} ended with ${code}: ${err || out}`)
  return JSON.parse(out) as T
}
