import { resolveEnv, type Secrets, type SiteDefinition, type Variables } from '#core/config/index.ts'
import { counted, findingOf } from './findings.ts'
import type { CheckFinding } from './types.ts'

/** Every variable that site.yaml gives a service can be filled in: its secrets are there, its references lead somewhere. */
export function checkEnvironment(definition: SiteDefinition, variables: Variables, secrets: Secrets): CheckFinding {
  const faults: string[] = []
  let count = 0
  for (const service of Object.values(definition.services)) {
    if (!service.enabled) continue
    // One at a time, so that one missing secret does not hide the next.
    for (const [name, text] of Object.entries(service.env)) {
      count++
      try {
        resolveEnv({ ...service, env: { [name]: text } }, definition, variables, secrets)
      } catch (error) {
        faults.push(`${name} of ${service.id}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
  return findingOf(faults, {
    count,
    none: 'site.yaml gives no service a variable.',
    good: `${counted(count, 'variable')} can be filled in.`,
    bad: 'Not all variables can be filled in',
  })
}
