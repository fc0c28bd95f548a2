import type { PolicyDefinition, RouteMistake } from '#core/config/index.ts'
import { compileCondition } from './expression.ts'

/** What a policy on the machine may look at: per cent in use, and degrees Celsius. */
export const machineFigures = ['memory', 'disk', 'cpu', 'temperature'] as const

/** The mistakes in the expressions of policies, for the check of site.yaml. */
export function checkPolicies(
  policies: readonly PolicyDefinition[],
): readonly (RouteMistake & { readonly policy: string })[] {
  return policies.flatMap(({ id, when }) => {
    if (when.kind !== 'metric' && when.kind !== 'machine') return []
    const compiled = compileCondition(when.expression, when.kind === 'machine' ? machineFigures : null)
    if (!('mistake' in compiled)) return []
    const message = `Recovery policy ${id}: the condition “${when.expression}” cannot be used. ${compiled.mistake}`
    const example = when.kind === 'machine' ? 'memory > 90' : 'fps < 5'
    return [{ policy: id, path: when.kind, message, remedy: `Write a CEL condition such as \`${example}\`.` }]
  })
}
