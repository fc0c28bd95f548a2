import type { AttentionView } from '#shared/contract/state.ts'
import type { NeededFacts, ShownFacts } from './facts.ts'
import { isTroubled, needsInTrouble, servicesBehind } from './service-path.ts'
import { type Subject, subjectText } from './subject.ts'

/** Services whose histories are read for one answer, and those whose last lines are; more would only slow it down. */
const most = { services: 40, logs: 4 }

/** Which events and logs an answer needs, found from the shown state alone. */
export function neededFacts(subject: Subject, shown: ShownFacts, broker: string | null): NeededFacts {
  const services = servicesBehind(servicesOf(subject, shown, broker), shown, most.services)
  const cards = cardsOf(subject, services, shown)
  const own = subject.kind === 'event' ? [] : [subjectText(subject)]
  const router = subject.kind === 'broker' || subject.kind === 'route' ? ['router'] : []
  return {
    histories: [...new Set([...services.map((id) => `service:${id}`), ...own, ...router])],
    chains: [
      ...(subject.kind === 'event' ? [subject.id] : []),
      ...services.flatMap((id) => shown.services[id]?.event ?? []),
      ...cards.flatMap(({ event }) => event ?? []),
    ],
    logs: services.filter((id) => isRoot(id, shown)).slice(0, most.logs),
  }
}

/** The services that an answer begins with. */
function servicesOf(subject: Subject, shown: ShownFacts, broker: string | null): readonly string[] {
  switch (subject.kind) {
    case 'service':
    case 'database':
      return [subject.id]
    case 'site':
    case 'job':
      return Object.values(shown.services)
        .filter(isTroubled)
        .toSorted((a, b) => Number(b.wanted) - Number(a.wanted))
        .map(({ id }) => id)
    case 'broker':
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

function cardsOf(subject: Subject, services: readonly string[], shown: ShownFacts): readonly AttentionView[] {
  const text = subjectText(subject)
  const subjects = new Set([text, ...services.map((id) => `service:${id}`)])
  return Object.values(shown.attention).filter((card) => {
    switch (subject.kind) {
      case 'card':
        return card.id === subject.id
      case 'backups':
        return card.id.startsWith('backup-')
      case 'site':
        return true
      case 'broker':
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
