import { resolveEnv, resolveProbe, type ServiceDefinition } from '#core/config/index.ts'
import type { CheckGround, DatabaseCheck, FileLooks, PushedFacts } from '#core/health/index.ts'
import type { LaunchContext } from './launch-plan.ts'
import type { ProbeName } from './machine.ts'

/** The probes of a service with their addresses as they are at this moment, and what their checks may use. */
export function probesNow(
  service: ServiceDefinition,
  names: readonly ProbeName[],
  context: LaunchContext,
  {
    pushed,
    databases,
    looks,
    markProbe,
  }: {
    readonly pushed: PushedFacts
    readonly databases: DatabaseCheck
    readonly looks: FileLooks
    readonly markProbe: CheckGround['mark']
  },
) {
  const { definition, variables, environment } = context
  const found = names.flatMap((name) => {
    const probe = service.probes[name]
    return probe ? [{ name, probe: resolveProbe(probe, service, definition, variables) }] : []
  })
  const ground = {
    service: service.id,
    cwd: variables.release,
    env: pathOnly(environment),
    login: found.some(({ probe }) => logsIn.includes(probe.check.type)) ? loginOf(service, context) : {},
    pushed,
    databases,
    looks,
    mark: markProbe,
  }
  return { found, ground }
}

/** Checks that log in with what the service's own environment says. */
const logsIn: readonly string[] = ['mqtt', 'postgres']

function loginOf(service: ServiceDefinition, { definition, variables, secrets }: LaunchContext) {
  const { MQTT_USERNAME, MQTT_PASSWORD, PGPASSWORD } = resolveEnv(service, definition, variables, secrets)
  return {
    ...(MQTT_USERNAME !== undefined && { MQTT_USERNAME }),
    ...(MQTT_PASSWORD !== undefined && { MQTT_PASSWORD }),
    ...(PGPASSWORD !== undefined && { PGPASSWORD }),
  }
}

/** What a probe's command may see: where programs lie, and nothing of the service's secrets. */
function pathOnly(environment: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const { PATH, HOME, LANG } = environment
  return Object.fromEntries(
    Object.entries({ PATH, HOME, LANG }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
