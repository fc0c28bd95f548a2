import type { AttentionView } from '#shared/contract/state.ts'
import type { NeededFacts, ShownFacts } from './facts.ts'
import { isTroubled, needsInTrouble, servicesBehind } from './service-path.ts'
import { type Subject, subjectText } from './subject.ts'
import { aboutOf } from './why-check.ts'
import { blockingDependency } from './why-dependency.ts'
import { subjectsOf } from './why-policy.ts'

/** Services whose histories are read for one answer, and those whose last lines are; more would only slow it down. */
const most = { services: 40, logs: 4 }

/** Which events and logs an answer needs, found from the shown state alone. */
export function neededFacts(subject: Subject, shown: ShownFacts, broker: string | null): NeededFacts {
  const services = servicesBehind(servicesOf(subject, shown, broker), shown, most.services)
  const dependencies = services.flatMap((id) => {
    const view = shown.services[id]
    const blocking = view && blockingDependency(view, shown)
    return blocking ? [`dependency:${blocking.id}`] : []
  })
  const cards = cardsOf(subject, services, dependencies, shown)
  const own = subject.kind === 'event' ? [] : [subjectText(subject)]
  const about = aboutWhat(subject, shown)
  const router = [subjectText(subject), ...about].some(isOfRouter) ? ['router'] : []
  return {
    histories: [
      ...new Set([
        ...services.map((id) => `service:${id}`),
        ...dependencies,
        ...own.map((text) => (text === 'maintenance' || subject.kind === 'check' ? 'site' : text)),
        ...about,
        ...router,
      ]),
    ],
    chains: [
      ...(subject.kind === 'event' ? [subject.id] : []),
      ...maintenanceOf(subject, shown),
      ...services.flatMap((id) => shown.services[id]?.event ?? []),
      ...cards.flatMap(({ event }) => event ?? []),
    ],
    logs: services.filter((id) => isRoot(id, shown)).slice(0, most.logs),
  }
}

/** Other subjects that an answer tells of. */
function aboutWhat(subject: Subject, shown: ShownFacts): readonly string[] {
  if (subject.kind === 'policy') return subjectsOf(subject.id, shown)
  return subject.kind === 'check' ? aboutOf(subject.id, shown) : []
}

function isOfRouter(subject: string): boolean {
  return subject === 'broker' || subject.startsWith('route:') || subject.startsWith('device:')
}

/** The event that began the maintenance that an answer may rest on. */
function maintenanceOf({ kind }: Subject, shown: ShownFacts): readonly string[] {
  const event = shown.maintenance.maintenance?.event ?? null
  return event !== null && (kind === 'maintenance' || kind === 'policy') ? [event] : []
}

/** The services that an answer begins with. */
function servicesOf(subject: Subject, shown: ShownFacts, broker: string | null): readonly string[] {
  switch (subject.kind) {
    case 'service':
    case 'database':
      return [subject.id]
    case 'policy':
      return (shown.recovery[subject.id]?.subjects ?? []).flatMap(({ subject: about }) =>
        about.startsWith('service:') ? [about.slice('service:'.length)] : [],
      )
    case 'drill': {
      const drill = shown.drills[subject.id]
      return drill ? [drill.service] : []
    }
    case 'check':
      return aboutOf(subject.id, shown).flatMap((about) => {
        const [, id] = /^(?:service|database):(.*)$/.exec(about) ?? []
        if (id !== undefined) return [id]
        return broker !== null && isOfRouter(about) ? [broker] : []
      })
    case 'site':
    case 'job':
      return Object.values(shown.services)
        .filter(isTroubled)
        .toSorted((a, b) => Number(b.wanted) - Number(a.wanted))
        .map(({ id }) => id)
    case 'broker':
    case 'device':
    case 'route':
      return broker === null ? [] : [broker]
    case 'card': {
      const about = shown.attention[subject.id]?.subject ?? ''
      return about.startsWith('service:') ? [about.slice('service:'.length)] : []
    }
    default:
      return []
  }
}

function cardsOf(
  subject: Subject,
  services: readonly string[],
  dependencies: readonly string[],
  shown: ShownFacts,
): readonly AttentionView[] {
  const text = subjectText(subject)
  const subjects = new Set([text, ...services.map((id) => `service:${id}`), ...dependencies])
  return Object.values(shown.attention).filter((card) => {
    switch (subject.kind) {
      case 'card':
        return card.id === subject.id
      case 'backups':
        return card.id.startsWith('backup-')
      case 'rehearsals':
        return card.id.startsWith('rehearsal-')
      case 'site':
        return true
      case 'broker':
      case 'device':
      case 'route':
        return card.subject === 'router' || subjects.has(card.subject)
      default:
        return subjects.has(card.subject)
    }
  })
}

/** In trouble with nothing behind it: its own last words may say why. */
function isRoot(id: string, shown: ShownFacts): boolean {
  const view = shown.services[id]
  return view !== undefined && view.kind !== 'builtin' && isTroubled(view) && needsInTrouble(view, shown).length === 0
}
