import { isAbsolute, join, resolve } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'
import { type Reference, replaceReferences } from './references.ts'
import type { Secrets } from './secrets.ts'
import type {
  CheckDefinition,
  DatabaseDefinition,
  HookDefinition,
  Probe,
  ServiceDefinition,
  SiteDefinition,
  Variables,
} from './types.ts'

/** Whose text it is: the service whose own ports `${ports.NAME}` means. */
export type Referrer = Pick<ServiceDefinition, 'id' | 'ports'>

/** The folders of a site for `${…}`; the site's own layout, which rehearsal replaces. */
export function variablesOf(directory: string, release: string): Variables {
  return { site: directory, release, data: join(directory, 'data'), logs: join(directory, 'logs') }
}

/**
 * A text of site.yaml with every `${…}` replaced. Throws `variable-unknown` for a reference to nothing, `secret-not-here`
 * for a secret where none may stand, and what the secret source throws.
 */
export function resolveVariables(
  text: string,
  service: Referrer,
  definition: SiteDefinition,
  variables: Variables,
  secrets: Secrets | null,
): string {
  return replaceReferences(text, (reference) => {
    const value = valueFor(reference, service, definition, variables, secrets)
    if (value !== undefined) return value
    throw new ConsoleError(
      'variable-unknown',
      `Service ${service.id} uses \${${reference.name}}, which refers to nothing.`,
      'Correct the name in site.yaml: there are ${ports.NAME}, ${services.ID.ports.NAME}, ${data}, ${logs}, ${release} and ${site}.',
      { params: { service: service.id, variable: reference.name } },
    )
  })
}

/** The ports of a service by name, moved where the variables say so. */
export function resolvePorts(service: Referrer, variables: Variables): Readonly<Record<string, number>> {
  return { ...service.ports, ...variables.ports?.[service.id] }
}

/** The environment that site.yaml gives the service; the only place where secrets are filled in. */
export function resolveEnv(
  service: ServiceDefinition,
  definition: SiteDefinition,
  variables: Variables,
  secrets: Secrets | null,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(service.env).map(([name, text]) => [
      name,
      resolveVariables(text, service, definition, variables, secrets),
    ]),
  )
}

/** Absolute path of the folder that the service runs in. */
export function resolveCwd(service: ServiceDefinition, definition: SiteDefinition, variables: Variables): string {
  return resolve(variables.release, resolveVariables(service.cwd, service, definition, variables, null))
}

/**
 * The words to run. The first is absolute for `node` (its script) and for a program given by a path; a bare program name
 * such as `python3` stays as it is, to be found on PATH.
 */
export function resolveRun(
  service: ServiceDefinition,
  definition: SiteDefinition,
  variables: Variables,
): readonly string[] {
  return resolveWords(service.run, service.kind === 'node', service, definition, variables)
}

/** The words of a callback; the program as in {@link resolveRun}. */
export function resolveHook(
  hook: HookDefinition,
  service: ServiceDefinition,
  definition: SiteDefinition,
  variables: Variables,
): readonly string[] {
  return resolveWords(hook.run, isScript(hook.run[0] ?? ''), service, definition, variables)
}

/** The words of a command of the site as a whole; the program as in {@link resolveRun}. */
export function resolveCommand(
  words: readonly string[],
  definition: SiteDefinition,
  variables: Variables,
): readonly string[] {
  return resolveWords(words, isScript(words[0] ?? ''), { id: 'the site', ports: {} }, definition, variables)
}

/** A script of the site, which runs on the Node that comes with the console. */
export function isScript(word: string): boolean {
  return /\.[cm]?js$/.test(word)
}

/** What a database service connects to: the absolute path of its file, or its address. */
export function resolveDatabase(
  { target }: DatabaseDefinition,
  service: ServiceDefinition,
  definition: SiteDefinition,
  variables: Variables,
): DatabaseDefinition['target'] {
  const fill = (text: string) => resolveVariables(text, service, definition, variables, null)
  return target.engine === 'sqlite'
    ? { engine: 'sqlite', file: resolve(variables.site, fill(target.file)) }
    : { engine: 'postgres', url: fill(target.url) }
}

/** A probe whose check is filled in, see {@link resolveCheck}. */
export function resolveProbe(
  probe: Probe,
  service: ServiceDefinition,
  definition: SiteDefinition,
  variables: Variables,
): Probe {
  return { ...probe, check: resolveCheck(probe.check, service, definition, variables) }
}

/**
 * A check with its address, path or command filled in: the program of a command as in {@link resolveRun}, files absolute,
 * below the site folder where they are relative.
 */
export function resolveCheck(
  check: CheckDefinition,
  service: Referrer,
  definition: SiteDefinition,
  variables: Variables,
): CheckDefinition {
  const fill = (text: string) => resolveVariables(text, service, definition, variables, null)
  switch (check.type) {
    case 'http':
    case 'mqtt':
    case 'postgres':
      return { ...check, url: fill(check.url) }
    case 'tcp':
      return { ...check, address: fill(check.address) }
    case 'command':
      return { ...check, run: resolveWords(check.run, false, service, definition, variables) }
    case 'sqlite':
      return { ...check, file: resolve(variables.site, fill(check.file)) }
    case 'file':
      return { ...check, path: resolve(variables.site, fill(check.path)) }
    case 'metric':
    case 'pushed':
      return check
  }
}

/** The pages of a service, in the order of site.yaml. */
export function resolvePages(
  service: ServiceDefinition,
  definition: SiteDefinition,
  variables: Variables,
): readonly { readonly title: string; readonly url: string }[] {
  return Object.entries(service.pages).map(([title, text]) => ({
    title,
    url: resolveVariables(text, service, definition, variables, null),
  }))
}

function resolveWords(
  words: readonly string[],
  firstIsPath: boolean,
  service: Referrer,
  definition: SiteDefinition,
  variables: Variables,
): readonly string[] {
  const [first = '', ...rest] = words.map((word) => resolveVariables(word, service, definition, variables, null))
  const isPath = firstIsPath || /[/\\]/.test(first)
  return [isPath && !isAbsolute(first) ? resolve(variables.release, first) : first, ...rest]
}

function valueFor(
  { name, target }: Reference,
  service: Referrer,
  definition: SiteDefinition,
  variables: Variables,
  secrets: Secrets | null,
): string | undefined {
  switch (target.to) {
    case 'folder':
      return variables[target.folder]
    case 'own-port':
      return portOf(service, target.port, variables)
    case 'port': {
      if (!Object.hasOwn(definition.services, target.service)) return undefined
      const other = definition.services[target.service]
      return other && portOf(other, target.port, variables)
    }
    case 'secret':
      if (secrets) return secrets(target.secret)
      throw new ConsoleError(
        'secret-not-here',
        `Service ${service.id} uses \${${name}} outside its environment.`,
        'Hand the secret over in `env`: what stands in a command or an address can be seen by everybody.',
        { params: { service: service.id, secret: target.secret } },
      )
    case 'nothing':
      return undefined
  }
}

function portOf(service: Referrer, port: string, variables: Variables): string | undefined {
  const ports = resolvePorts(service, variables)
  return Object.hasOwn(ports, port) ? String(ports[port]) : undefined
}
