import { nearest } from '#core/config/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { ShownFacts } from './facts.ts'

const whole = ['site', 'store', 'backups', 'rehearsals', 'machine', 'broker', 'maintenance'] as const
const several = [
  'service',
  'route',
  'database',
  'dependency',
  'device',
  'policy',
  'check',
  'drill',
  'job',
  'card',
  'event',
  'snapshot',
] as const

/** What can be asked about. */
export type Subject =
  | { readonly kind: (typeof whole)[number] }
  | { readonly kind: (typeof several)[number]; readonly id: string }

/**
 * Reads what somebody asks about: `site`, `service:api`, `event:104`, or the bare id of a service. A service wins over a word for
 * the whole of something only when it is written out (`service:broker`), because the broker's answer tells of its service too.
 */
export function readSubject(text: string, shown: ShownFacts): Subject | null {
  const word = text.trim()
  const only = whole.find((kind) => kind === word)
  if (only) return { kind: only }
  if (word === 'router') return { kind: 'broker' }
  const [prefix = '', id] = word.split(/:(.*)/s)
  if (id === undefined) return shown.services[word] ? { kind: 'service', id: word } : null
  const kind = several.find((known) => known === prefix)
  return kind && id !== '' ? { kind, id } : null
}

/** Whether a service of this id is asked for with its prefix, because the bare word is the whole of something. */
export function isWord(id: string): boolean {
  return id === 'router' || whole.some((word) => word === id)
}

/** The subject as it is written everywhere else. */
export function subjectText(subject: Subject): string {
  return 'id' in subject ? `${subject.kind}:${subject.id}` : subject.kind
}

/** Whether the shown state knows it. What it does not know may still be in the event log. */
export function isShown(subject: Subject, shown: ShownFacts): boolean {
  switch (subject.kind) {
    case 'service':
      return shown.services[subject.id] !== undefined
    case 'route':
      return shown.routes[subject.id] !== undefined
    case 'database':
      return shown.databases[subject.id] !== undefined || shown.services[subject.id] !== undefined
    case 'dependency':
      return shown.dependencies[subject.id] !== undefined
    case 'policy':
      return shown.recovery[subject.id] !== undefined
    case 'check':
      // Before the first round nobody knows which checks there will be.
      return checkIds(shown)?.includes(subject.id) ?? true
    case 'drill':
      return shown.drills[subject.id] !== undefined
    case 'job':
      return shown.jobs[subject.id] !== undefined
    case 'card':
      return shown.attention[subject.id] !== undefined
    case 'snapshot':
      return shown.snapshots[subject.id] !== undefined
    case 'device':
    case 'event':
      return false
    default:
      return true
  }
}

/** The refusal of what nobody knows, with the nearest that is known. */
export function subjectUnknown(text: string, shown: ShownFacts): ConsoleError {
  const named = [
    ...prefixed('service', shown.services),
    ...prefixed('route', shown.routes),
    ...prefixed('database', shown.databases),
    ...prefixed('dependency', shown.dependencies),
    ...prefixed('policy', shown.recovery),
    ...(checkIds(shown) ?? []).map((id) => `check:${id}`),
    ...prefixed('drill', shown.drills),
    ...prefixed('job', shown.jobs),
    ...prefixed('card', shown.attention),
    ...prefixed('snapshot', shown.snapshots),
  ]
  const near = nearest(text, [...whole, ...Object.keys(shown.services), ...named])
  const services = Object.keys(shown.services)
  const known = `Ask about ${whole.join(', ')}${services.length > 0 ? `, a service (${services.join(', ')})` : ''}, or route:ID, dependency:ID, device:ID, policy:ID, check:ID, drill:ID, job:ID, card:ID, snapshot:ID, event:ID.`
  return new ConsoleError(
    'subject-unknown',
    `Nothing here is called “${text}”.`,
    near ? `Did you mean ${near}? ${known}` : known,
    {
      params: { subject: text, nearest: near ?? null },
    },
  )
}

/** Ids of the list of checks; undefined before its first round. */
function checkIds({ verification }: ShownFacts): readonly string[] | undefined {
  return verification.verification?.checks.map(({ id }) => id)
}

function prefixed(kind: string, entities: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(entities).map((id) => `${kind}:${id}`)
}
