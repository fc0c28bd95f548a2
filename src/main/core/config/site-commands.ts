import { isLoopback } from './loopback-address.ts'
import type { CheckDefinition, PolicyCondition, ServiceDefinition, SiteCheck, SiteDefinition } from './types.ts'
import { isScript } from './variables.ts'

/** One thing that a site would run, as it is shown before it is trusted. */
export interface SiteCommand {
  /** Id of the service, check, dependency, route or recovery policy that it belongs to. */
  readonly service: string
  /** The same as a person reads it: `api`, `recovery policy p`. */
  readonly of: string
  /** Environment and words, quoted where a reader could mistake them. References are shown, not filled in. */
  readonly command: string
  /** Working directory, relative to the release. */
  readonly cwd: string
}

/**
 * Everything that the site would do by itself: run the services, their callbacks, the commands of probes and checks; open ports to the
 * network; ask other machines, or log in there; move and delete files; break something on purpose.
 */
export function commandsOf(definition: SiteDefinition): readonly SiteCommand[] {
  const ofServices = Object.values(definition.services).flatMap((service) => {
    const probes = Object.values(service.probes).flatMap((probe) =>
      probe?.check.type === 'command' ? [probe.check.run] : [],
    )
    const hooks = Object.values(service.hooks).flatMap((hook) => (hook ? [hookWords(hook.run)] : []))
    const commands = [...ownCommand(service), ...probes, ...hooks].map((words) => inOneLine(service, words))
    return [
      ...commands,
      ...openedBy(service),
      ...connectedBy(service),
      ...askedBy(service),
      ...takenOverFrom(service),
    ].map((command) => ({ service: service.id, of: service.id, command, cwd: service.cwd }))
  })
  const ofChecks = Object.values(definition.checks).flatMap((check) => doneByCheck(check, definition))
  return [
    ...ofServices,
    ...calledBy(definition),
    ...calledByRoutes(definition),
    ...functionsOfRoutes(definition),
    ...ofChecks,
    ...policyCommands(definition),
    ...drilledBySchedule(definition),
    ...deployCommands(definition),
    ...configuredFrom(definition),
    ...backedUpElsewhere(definition),
  ]
}

/** A check of the site runs a command, asks another machine, or logs in with what the environment of its service holds. */
function doneByCheck({ id, of, check }: SiteCheck, { services }: SiteDefinition): readonly SiteCommand[] {
  const service = of === null ? undefined : services[of]
  const command = check.type === 'command' ? check.run.map(quoted).join(' ') : askedAt(check, service, 'check')
  return command === null ? [] : [{ service: of ?? id, of: `check ${id}`, command, cwd: '.' }]
}

/** What every site's shipped policies touch is not asked about at each site. */
const everywhere: readonly string[] = ['reset-corrupt data/state/${service}', 'clear-cache data/cache']

/** What recovery would run, and which files it would move or delete. */
function policyCommands({ recovery }: SiteDefinition): readonly SiteCommand[] {
  return Object.values(recovery).flatMap(({ id, on, when, steps }) =>
    steps.flatMap((step) => {
      if (!on) return []
      const of = (texts: readonly string[]) => `recovery policy ${id}${whose(texts, when)}`
      if (step.action === 'run')
        return [{ service: id, of: of(step.run), command: step.run.map(quoted).join(' '), cwd: '.' }]
      if (!('paths' in step)) return []
      const paths = step.paths.filter((path) => !everywhere.includes(`${step.action} ${path}`))
      if (paths.length === 0) return []
      const verb = step.action === 'clear-cache' ? 'deletes what is in' : 'sets aside what is in'
      return [{ service: id, of: of(paths), command: `<${verb} ${paths.map(quoted).join(', ')}>`, cwd: '.' }]
    }),
  )
}

/** Where a text has `${service}` in it: the services for which that stands, because it decides which programs and files are meant. */
function whose(texts: readonly string[], when: PolicyCondition): string {
  if (when.kind === 'site' || !texts.some((text) => text.includes('${service}'))) return ''
  return when.of === 'all' || when.of.length === 0 ? ', for every service' : `, for ${when.of.join(', ')}`
}

/** Failures that the site would bring about by itself, with nobody there. */
function drilledBySchedule({ drills }: SiteDefinition): readonly SiteCommand[] {
  return Object.values(drills).flatMap(({ do: deed, of, schedule }) =>
    schedule === null
      ? []
      : [{ service: of, of, command: `<drill at ${JSON.stringify(schedule)}: ${deed}>`, cwd: '.' }],
  )
}

/** Who would be asked how the site is configured, and with which secret. */
function configuredFrom({ sources: { http, database } }: SiteDefinition): readonly SiteCommand[] {
  const own = (command: string) => ({ service: 'sources', of: 'sources', command, cwd: '.' })
  const carrying = http?.token == null ? '' : ` with \${secrets.${http.token}}`
  return [
    ...(http ? [own(`<the configuration is asked for at ${quoted(http.url)}${carrying}>`)] : []),
    ...(database ? [own(`<the configuration is read from table ${database.table} of ${database.service}>`)] : []),
  ]
}

/** What a deploy would run. */
function deployCommands({ deploy: { install, busy, tests } }: SiteDefinition): readonly SiteCommand[] {
  const own = (of: string, run: readonly string[]) => ({
    service: 'deploy',
    of,
    command: hookWords(run).map(quoted).join(' '),
    cwd: '.',
  })
  return [
    ...(install ? [own('deploy install', install.run)] : []),
    ...(busy && 'run' in busy ? [own('deploy busy', busy.run)] : []),
    ...Object.entries(tests).map(([id, { run }]) => own(`deploy test ${id}`, run)),
  ]
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
    return {
      service: id,
      of: `dependency ${id}`,
      command: `<calls of ${users.join(', ') || 'no service'} go to ${url}${carrying}>`,
      cwd: '.',
    }
  })
}

/** Where messages would be sent to by HTTP, and with which secrets. */
function calledByRoutes({ routes }: SiteDefinition): readonly SiteCommand[] {
  return Object.values(routes).flatMap(({ id, to }) =>
    to.flatMap((target) => {
      if (target.kind !== 'webhook') return []
      const added = Object.entries(target.headers).map(([name, value]) => `${name}: ${value}`)
      const carrying = added.length === 0 ? '' : ` with ${added.sort().join(', ')}`
      const command = `<messages are sent by ${target.method} to ${target.url}${carrying}>`
      return [{ service: id, of: `route ${id}`, command, cwd: '.' }]
    }),
  )
}

/** Where everything that the site has would be sent to, and with which secrets. */
function backedUpElsewhere({ backup }: SiteDefinition): readonly SiteCommand[] {
  const places = [['backups', backup.target] as const, ...Object.entries(backup.copies)]
  return places.flatMap(([id, target]) => {
    if (target?.kind !== 's3') return []
    const { endpoint, bucket, prefix, accessKey, secretKey } = target
    const of = id === 'backups' ? 'backups' : `copy ${id} of the backups`
    const command = `<backups are sent to ${quoted(`${endpoint}/${bucket}/${prefix}`)} with ${accessKey}, ${secretKey}>`
    return [{ service: id, of, command, cwd: '.' }]
  })
}

/** Code of the site that would be given messages. */
function functionsOfRoutes({ routes }: SiteDefinition): readonly SiteCommand[] {
  return Object.values(routes).flatMap(({ id, map }) =>
    map === null || typeof map === 'string'
      ? []
      : [
          {
            service: id,
            of: `route ${id}`,
            command: `<messages go through ${quoted(map.export)} of ${quoted(map.file)}>`,
            cwd: '.',
          },
        ],
  )
}

/** What a database service would connect to, and as whom; the password is a secret and named by its reference. */
function connectedBy(service: ServiceDefinition): readonly string[] {
  const { database } = service
  if (!database) return []
  const what = database.target.engine === 'sqlite' ? database.target.file : database.target.url
  const { admin } = database
  const secret = admin?.secret == null ? '' : ` with \${secrets.${admin.secret}}`
  const backups = admin ? `, for backups as ${quoted(admin.user)}${secret}` : ''
  const words = `<connects to the ${database.target.engine} database ${what}${backups}>`
  const variables = inOneLine(service, [])
  return [variables === '' ? words : `${variables} ${words}`]
}

/** What its probes and pages would ask on other machines, and where they would log in with what its environment holds. */
function askedBy(service: ServiceDefinition): readonly string[] {
  const ofProbes = Object.values(service.probes).flatMap(
    (probe) => (probe && askedAt(probe.check, service, 'probe')) ?? [],
  )
  const ofPages = Object.values(service.pages).flatMap((url) =>
    isLoopback(url) ? [] : [`<its page is asked at ${quoted(url)}>`],
  )
  return [...ofProbes, ...ofPages]
}

/** Which unit an operator's adoption would stop and disable; one of `kind: external` is only asked how it is. */
function takenOverFrom({ kind, unit }: ServiceDefinition): readonly string[] {
  if (unit === null || (kind !== 'node' && kind !== 'process')) return []
  return [`<when it is adopted, the ${unit.of} unit ${unit.name} is stopped and disabled>`]
}

/** Null when it stays on this machine and logs in nowhere. */
function askedAt(
  check: CheckDefinition,
  service: ServiceDefinition | undefined,
  what: 'probe' | 'check',
): string | null {
  switch (check.type) {
    case 'http':
      return isLoopback(check.url) ? null : `<its ${what} asks ${quoted(check.url)}>`
    case 'tcp':
      return isLoopback(`tcp://${check.address}`) ? null : `<its ${what} connects to ${quoted(check.address)}>`
    case 'mqtt':
    case 'postgres': {
      const variables = service ? inOneLine(service, []) : ''
      const words = `<its ${what} logs in at ${check.url}>`
      return variables === '' ? words : `${variables} ${words}`
    }
    default:
      return null
  }
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
