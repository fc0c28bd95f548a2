import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  resolveCwd,
  resolveEnv,
  resolvePorts,
  resolveRun,
  type Secrets,
  type ServiceDefinition,
  type SiteDefinition,
  type Variables,
} from '#core/config/index.ts'
import type { Runtime } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { childEnvironment, type Marks } from './child-environment.ts'
import type { ServiceDependencies } from './uses.ts'

/** Everything that is needed to start a service's process, with nothing left to resolve. */
export interface LaunchPlan {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly ports: Readonly<Record<string, number>>
  readonly logs: LogFiles
}

export interface LogFiles {
  readonly out: string
  readonly err: string
}

export interface LaunchContext {
  readonly definition: SiteDefinition
  readonly variables: Variables
  readonly runtime: Runtime
  readonly secrets: Secrets
  /** The console's own environment, of which a child gets the allowed part. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What the console's other parts tell a service in its environment, such as where it may push its figures. */
  readonly granted: (service: string) => Readonly<Record<string, string>>
  readonly dependencies: Pick<ServiceDependencies, 'addresses'>
}

/**
 * Resolves what a service's process is started with. Throws the ConsoleError of what cannot be resolved (`variable-unknown`,
 * `secret-missing`, `run-missing`).
 */
export function planLaunch(
  service: ServiceDefinition,
  context: LaunchContext,
  marks: Omit<Marks, 'site' | 'service'>,
): LaunchPlan {
  const { definition, variables, secrets, environment, granted, dependencies } = context
  const ports = resolvePorts(service, variables)
  // Not to be overridden: the console’s own address of each dependency.
  const own = { ...resolveEnv(service, definition, variables, secrets), ...dependencies.addresses(service) }
  const { file, args } = commandOf(service, context)
  return {
    file,
    args,
    cwd: resolveCwd(service, definition, variables),
    env: childEnvironment(environment, { ...own, ...granted(service.id) }, ports, {
      ...marks,
      site: definition.id,
      service: service.id,
    }),
    ports,
    logs: logFilesOf(service.id, variables),
  }
}

/** Where a service's output goes. */
export function logFilesOf(service: string, variables: Pick<Variables, 'logs'>): LogFiles {
  return { out: join(variables.logs, `${service}.out.log`), err: join(variables.logs, `${service}.err.log`) }
}

/** Makes the folders that a child writes to, readable by this user only. */
export async function makeFolders({ logs, data }: Variables): Promise<void> {
  await mkdir(logs, { recursive: true, mode: 0o700 })
  await mkdir(data, { recursive: true, mode: 0o700 })
}

/** The command as it is shown: without the hooks that `kind: node` is given. */
export function shownCommand(service: ServiceDefinition, definition: SiteDefinition, variables: Variables): string {
  switch (service.kind) {
    case 'external':
      return ''
    case 'builtin':
      return `builtin ${service.use ?? ''}`.trim()
    case 'node':
      return `node ${resolveRun(service, definition, variables).join(' ')}`
    case 'process':
      return resolveRun(service, definition, variables).join(' ')
  }
}

/** A script on the console's Node, with what lets it import the console's modules. */
export function scriptCommand(
  script: string,
  args: readonly string[],
  runtime: Runtime,
): { file: string; args: string[] } {
  const resolving = pathToFileURL(runtime.program('service-hooks')).href
  return { file: runtime.node, args: ['--import', resolving, script, ...args] }
}

/** Bytes of the log files; what does not exist yet has none. */
export async function sizesOf({ out, err }: LogFiles): Promise<{ readonly out: number; readonly err: number }> {
  const [outSize, errSize] = await Promise.all([sizeOf(out), sizeOf(err)])
  return { out: outSize, err: errSize }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0
}

function commandOf(
  service: ServiceDefinition,
  { definition, variables, runtime }: LaunchContext,
): { file: string; args: string[] } {
  const [first, ...rest] = resolveRun(service, definition, variables)
  if (!first) {
    throw new ConsoleError(
      'run-missing',
      `Service ${service.id} has no \`run\`, so there is nothing to start.`,
      `Give ${service.id} a \`run\` in site.yaml.`,
      { params: { service: service.id } },
    )
  }
  return service.kind === 'process' ? { file: first, args: rest } : scriptCommand(first, rest, runtime)
}
