import {
  resolveCheck,
  resolveEnv,
  type Secrets,
  type SiteCheck,
  type SiteDefinition,
  type Variables,
} from '#core/config/index.ts'
import { checksOn, checkWords, type DatabaseCheck, type FileLooks, type PushedFacts } from '#core/health/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import { checkConnections, checkSchemas } from './database-checks.ts'
import { checkEnvironment } from './environment-check.ts'
import { checkFiles, checkTemplates } from './file-checks.ts'
import { type AskDependency, checkApis, checkRoutes } from './reach-checks.ts'
import type { CheckFinding, ListedCheck } from './types.ts'

/** What the list is made from. */
export interface CheckGrounds {
  readonly definition: SiteDefinition
  readonly variables: Variables
  readonly secrets: Secrets
  readonly state: StateHub
  readonly databases: DatabaseCheck
  readonly askDependency: AskDependency
  readonly looks: FileLooks
  readonly factsOf: (service: string) => PushedFacts
  readonly clock: Clock
  /** PATH and the like, of which a check's command gets only that. */
  readonly environment: Readonly<Record<string, string>>
  /** A mark for the command of a check, by which a later console finds it. */
  readonly markOf: (check: string) => string
}

/** The list of a site: the seven that every site has, in their order, then those that site.yaml adds. */
export function checkList(grounds: CheckGrounds): readonly ListedCheck[] {
  const { definition, variables, secrets, state, databases, environment } = grounds
  const ask = checksOn(grounds.clock, {
    service: 'the site',
    cwd: variables.release,
    env: environment,
    mark: () => grounds.markOf('list'),
    login: {},
    pushed: nothingPushed,
    databases,
    looks: grounds.looks,
  })
  const ground = { definition, variables, secrets, ask: databases }
  const reach = { definition, variables, ask }
  const routes = () => ({
    ...reach,
    services: state.slice('services').all(),
    routes: state.slice('routes').all(),
    traffic: state.slice('traffic').get('traffic'),
  })
  const common: readonly (readonly [string, string, ListedCheck['run']])[] = [
    ['environment', 'Environment variables', async () => checkEnvironment(definition, variables, secrets)],
    ['files', 'Files', () => checkFiles(definition, variables, environment.PATH ?? '')],
    ['templates', 'Templates', () => checkTemplates(variables)],
    ['database-connection', 'Database connection', (signal) => checkConnections(ground, signal)],
    ['database-schema', 'Database schema', (signal) => checkSchemas(ground, signal)],
    ['external-api', 'External API', (signal) => checkApis(definition, grounds.askDependency, signal)],
    ['routes', 'Routes', (signal) => checkRoutes(routes(), signal)],
  ]
  return [
    ...common.map(([id, title, run]) => ({ id, title, own: false, run })),
    ...Object.values(definition.checks).map((check) => ({
      id: `site:${check.id}`,
      title: check.title,
      own: true,
      run: (signal: AbortSignal) => ownCheck(check, grounds, signal),
    })),
  ]
}

async function ownCheck(
  { id, of, check, timeoutMs }: SiteCheck,
  { definition, variables, secrets, databases, factsOf, clock, environment, markOf, looks, state }: CheckGrounds,
  signal: AbortSignal,
): Promise<CheckFinding> {
  const service = of === null ? undefined : definition.services[of]
  const looksAtPushes = check.type === 'metric' || check.type === 'pushed'
  if (service && looksAtPushes && state.slice('services').get(service.id)?.state !== 'running') {
    return { state: 'skipped', sentence: `${service.title} does not run.` }
  }
  const { MQTT_USERNAME, MQTT_PASSWORD, PGPASSWORD } = service
    ? resolveEnv(service, definition, variables, secrets)
    : {}
  const ask = checksOn(clock, {
    service: of ?? id,
    cwd: variables.release,
    env: environment,
    mark: () => markOf(id),
    login: {
      ...(MQTT_USERNAME !== undefined && { MQTT_USERNAME }),
      ...(MQTT_PASSWORD !== undefined && { MQTT_PASSWORD }),
      ...(PGPASSWORD !== undefined && { PGPASSWORD }),
    },
    pushed: of === null ? nothingPushed : factsOf(of),
    databases,
    looks,
  })
  const resolved = resolveCheck(check, service ?? { id, ports: {} }, definition, variables)
  const { ok, sentence } = await ask(resolved, timeoutMs, signal)
  const told = `${checkWords(resolved)}: ${sentence}.`
  if (ok) return { state: 'passed', sentence: told }
  return { state: 'failed', sentence: told, faults: [told], about: of === null ? [] : [`service:${of}`] }
}

const nothingPushed: PushedFacts = { latest: () => null, figure: () => null }
