import type { PolicyCondition, RecoveryStep, SiteDefinition } from '#core/config/index.ts'

/** When a policy acts, in words: "a service is unhealthy". */
export function conditionInWords(when: PolicyCondition): string {
  switch (when.kind) {
    case 'health': {
      const who = when.of === 'all' ? 'a service' : when.of.join(', ')
      return when.is === 'failed'
        ? `${who} has failed`
        : `${who} is ${when.is}${when.is === 'unhealthy' ? ' or has failed' : ''}`
    }
    case 'site':
      return 'at least half of the services are down, and two'
    case 'metric':
      return `${when.expression} of ${when.of === 'all' ? 'a service' : when.of.join(', ')}`
    case 'machine':
      return machineInWords(when.expression)
    case 'event':
      return `${when.event} happens${when.of.length > 0 ? `, for ${when.of.join(', ')}` : ''}`
  }
}

/** A plain comparison gets its unit: "memory > 92 % of the machine". Anything longer stands as it was written. */
function machineInWords(expression: string): string {
  const plain = /^\s*(memory|disk|cpu|temperature)\s*(<=?|>=?)\s*(\d+(?:\.\d+)?)\s*$/.exec(expression)
  if (!plain) return `${expression} of the machine`
  const [, figure, comparison, bound] = plain
  return `${figure} ${comparison} ${bound} ${figure === 'temperature' ? '°C' : '%'} of the machine`
}

/** What a step does, a phrase that fits in a list: "restart". Of `subject` when it is done, its name stands in the paths. */
export function stepInWords(step: RecoveryStep, subject?: string): string {
  const pathsOf = (paths: readonly string[]) =>
    paths.map((path) => (subject === undefined ? path : path.replaceAll(`$\{service}`, subject))).join(', ')
  switch (step.action) {
    case 'restart':
      return 'restart'
    case 'restart-with-dependents':
      return 'restart with what needs it'
    case 'reset-state':
      return `set aside ${pathsOf(step.paths)}`
    case 'reset-corrupt':
      return `set aside what is corrupt in ${pathsOf(step.paths)}`
    case 'clear-cache':
      return `clear ${pathsOf(step.paths)}`
    case 'reconnect':
      return 'connect anew'
    case 'restore-database':
      return 'restore the database'
    case 'run':
      return `run ${step.run.join(' ')}`
    case 'recover-site':
      return 'stop and start the whole site'
    case 'call-operator':
      return 'call a person'
  }
}

/** Whom to call, as a sentence; empty when site.yaml names nobody. */
export function contactSentence(definition: SiteDefinition | null): string {
  const contact = definition?.contact
  if (!contact) return ''
  const ways = [contact.phone, contact.email].filter((way) => way !== null)
  return `Call ${contact.name}${ways.length > 0 ? `, ${ways.join(', ')}` : ''}.`
}

/** "api" for `service:api`, "the machine", "the site". */
export function subjectInWords(subject: string): string {
  if (subject.startsWith('service:')) return subject.slice('service:'.length)
  return subject === 'machine' || subject === 'site' ? `the ${subject}` : subject
}
