import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '#core/platform/index.ts'
import type { CheckDefinition, ServiceDefinition, SiteCheck, SiteDefinition } from './types.ts'
import { isScript } from './variables.ts'

/** One thing that a site would run, as it is shown before it is trusted. */
export interface SiteCommand {
  readonly service: string
  /** Environment and words, quoted where a reader could mistake them. References are shown, not filled in. */
  readonly command: string
  /** Working directory, relative to the release. */
  readonly cwd: string
}

/**
 * Everything that the site would do by itself: run the services, their callbacks, the commands of probes and checks; open ports to the
 * network; log in elsewhere; move and delete files; break something on purpose.
 */
export function commandsOf(definition: SiteDefinition): readonly SiteCommand[] {
  const ofServices = Object.values(definition.services).flatMap((service) => {
    const probes = Object.values(service.probes).flatMap((probe) =>
      probe?.check.type === 'command' ? [probe.check.run] : [],
    )
    const hooks = Object.values(service.hooks).flatMap((hook) => (hook ? [hookWords(hook.run)] : []))
    const commands = [...ownCommand(service), ...probes, ...hooks].map((words) => inOneLine(service, words))
    return [...commands, ...openedBy(service), ...connectedBy(service), ...loggedInBy(service)].map((command) => ({
      service: service.id,
      command,
      cwd: service.cwd,
    }))
  })
  const ofChecks = Object.values(definition.checks).flatMap((check) => doneByCheck(check, definition))
  return [
    ...ofServices,
    ...calledBy(definition),
    ...ofChecks,
    ...policyCommands(definition),
    ...drilledBySchedule(definition),
  ]
}

/** A check of the site runs a command, or logs in with what the environment of its service holds. */
function doneByCheck({ id, of, check }: SiteCheck, { services }: SiteDefinition): readonly SiteCommand[] {
  const service = of ?? id
  if (check.type === 'command') return [{ service, command: check.run.map(quoted).join(' '), cwd: '.' }]
  const login = loginAt(check, of === null ? undefined : services[of], 'check')
  return login === null ? [] : [{ service, command: login, cwd: '.' }]
}

/** What every site's shipped policies touch is not asked about at each site. */
const everywhere: readonly string[] = ['reset-corrupt data/state/${service}', 'clear-cache data/cache']

/** What recovery would run, and which files it would move or delete. The angle brackets keep it apart from what runs as a service. */
function policyCommands({ recovery }: SiteDefinition): readonly SiteCommand[] {
  return Object.values(recovery).flatMap(({ id, on, steps }) =>
    steps.flatMap((step) => {
      if (!on) return []
      if (step.action === 'run')
        return [{ service: id, command: `<recovery> ${step.run.map(quoted).join(' ')}`, cwd: '.' }]
      if (!('paths' in step)) return []
      const paths = step.paths.filter((path) => !everywhere.includes(`${step.action} ${path}`))
      if (paths.length === 0) return []
      const verb = step.action === 'clear-cache' ? 'deletes what is in' : 'sets aside what is in'
      return [{ service: id, command: `<recovery ${verb} ${paths.map(quoted).join(', ')}>`, cwd: '.' }]
    }),
  )
}

/** Failures that the site would bring about by itself, with nobody there. */
function drilledBySchedule({ drills }: SiteDefinition): readonly SiteCommand[] {
  return Object.values(drills).flatMap(({ do: deed, of, schedule }) =>
    schedule === null ? [] : [{ service: of, command: `<drill at ${JSON.stringify(schedule)}: ${deed}>`, cwd: '.' }],
  )
}

/**
 * Names exactly what {@link commandsOf} shows, environment included: `NODE_OPTIONS` or `LD_PRELOAD` make any program run
 * something else. The order of services and of variables does not count.
 */
export function trustFingerprint(definition: SiteDefinition): string {
  const commands = commandsOf(definition)
    .map(({ service, command, cwd }) => JSON.stringify([service, cwd, command]))
    .sort()
  return createHash('sha256').update(commands.join('\n')).digest('hex')
}

/** What the operator has trusted, in `<user data>/trust.json`: sites by real path, each with its fingerprints. */
export class TrustStore {
  readonly #file: string
  #sites: TrustFile['sites']

  private constructor(file: string, sites: TrustFile['sites']) {
    this.#file = file
    this.#sites = sites
  }

  /** An absent file trusts nothing; so does one that cannot be read. */
  static async open(userData: string): Promise<TrustStore> {
    const file = join(userData, 'trust.json')
    return new TrustStore(file, await readTrust(file))
  }

  /** Whether exactly this was trusted for the site in this folder (its real path). */
  isTrusted(directory: string, fingerprint: string): boolean {
    return this.#sites[directory]?.includes(fingerprint) ?? false
  }

  /** Remembers it, also for later starts of the console. The newest twenty of a site are kept. */
  async trust(directory: string, fingerprint: string): Promise<void> {
    const sites = await readTrust(this.#file) // another console may have written since
    const others = (sites[directory] ?? []).filter((trusted) => trusted !== fingerprint)
    this.#sites = { ...sites, [directory]: [...others, fingerprint].slice(-20) }
    await mkdir(join(this.#file, '..'), { recursive: true, mode: 0o700 })
    await writeDurably(this.#file, `${JSON.stringify({ version: 1, sites: this.#sites }, null, 2)}\n`)
  }
}

/** Opens what was trusted before. */
export function openTrust(userData: string): Promise<TrustStore> {
  return TrustStore.open(userData)
}

const fileSchema = z.object({
  version: z.literal(1),
  sites: z.record(z.string(), z.array(z.string())),
})
type TrustFile = z.infer<typeof fileSchema>

async function readTrust(file: string): Promise<TrustFile['sites']> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).sites
  } catch {
    return {}
  }
}

function ownCommand({ kind, run }: ServiceDefinition): readonly (readonly string[])[] {
  if (kind === 'node') return [['node', ...run]]
  return kind === 'process' ? [run] : []
}

function hookWords(run: readonly string[]): readonly string[] {
  return isScript(run[0] ?? '') ? ['node', ...run] : run
}

/** The angle brackets keep it apart from every command: as a word of one they would be quoted. */
function openedBy({ kind, use, bind, ports }: ServiceDefinition): readonly string[] {
  if (use === 'database') return [] // it listens nowhere
  if (kind !== 'builtin' || bind === 'localhost' || bind === '::1' || bind.startsWith('127.')) return []
  const where = Object.values(ports).map((port) => `${bind}:${port}`)
  return [`<${use} reachable from the network: ${where.join(', ')}>`]
}

/** Where calls would be sent, for whom, and with which secrets: a changed address would be handed the secrets of the old one. */
function calledBy({ dependencies, services }: SiteDefinition): readonly SiteCommand[] {
  return Object.values(dependencies).map(({ id, url, headers }) => {
    const users = Object.values(services).flatMap((service) => (Object.hasOwn(service.uses, id) ? [service.id] : []))
    const added = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const carrying = added.length === 0 ? '' : ` with ${added.sort().join(', ')}`
    return { service: id, command: `<calls of ${users.join(', ') || 'no service'} go to ${url}${carrying}>`, cwd: '.' }
  })
}

/** What a database service would connect to, and as whom; the password is a secret and named by its reference. */
function connectedBy(service: ServiceDefinition): readonly string[] {
  const { database } = service
  if (!database) return []
  const what = database.target.engine === 'sqlite' ? database.target.file : database.target.url
  const words = `<connects to the ${database.target.engine} database ${what}>`
  const variables = inOneLine(service, [])
  return [variables === '' ? words : `${variables} ${words}`]
}

/** Where the service's probes would log in with what its environment holds. */
function loggedInBy(service: ServiceDefinition): readonly string[] {
  return Object.values(service.probes).flatMap((probe) => (probe && loginAt(probe.check, service, 'probe')) ?? [])
}

function loginAt(
  check: CheckDefinition,
  service: ServiceDefinition | undefined,
  what: 'probe' | 'check',
): string | null {
  if (check.type !== 'mqtt' && check.type !== 'postgres') return null
  const variables = service ? inOneLine(service, []) : ''
  const words = `<its ${what} logs in at ${check.url}>`
  return variables === '' ? words : `${variables} ${words}`
}

function inOneLine({ env }: ServiceDefinition, words: readonly string[]): string {
  const variables = Object.entries(env)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .sort()
  return [...variables, ...words.map(quoted)].join(' ')
}

/** Quoted as JSON unless plain, so that two different commands never look the same. */
function quoted(word: string): string {
  return /^[\w@%+:,./${}-]+$/.test(word) ? word : JSON.stringify(word)
}
