import type { Why } from '#shared/contract/diagnostics.ts'
import type { WhyFacts } from './facts.ts'
import type { Finding } from './finding.ts'
import { isWord, type Subject, subjectText } from './subject.ts'
import { whyBackups, whySnapshot } from './why-backups.ts'
import { whyCheck } from './why-check.ts'
import { whyDatabase } from './why-database.ts'
import { whyDependency } from './why-dependency.ts'
import { whyDevice } from './why-device.ts'
import { whyDrill } from './why-drill.ts'
import { whyCard, whyEvent, whyJob } from './why-happening.ts'
import { whyMachine } from './why-machine.ts'
import { whyMaintenance } from './why-maintenance.ts'
import { whyBroker, whyRoute } from './why-messages.ts'
import { whyPolicy } from './why-policy.ts'
import { whyRehearsals } from './why-rehearsals.ts'
import { whyService } from './why-service.ts'
import { whySite } from './why-site.ts'
import { whyStore } from './why-store.ts'

/**
 * Why something is as it is: one sentence, its evidence from what was asked down to the first failing thing, and what helps.
 * From facts to data: reads nothing, and answers whatever the facts are.
 */
export function why(subject: Subject, facts: WhyFacts): Why {
  const { evidence, fixes, ...found } = findingOf(subject, facts)
  const word =
    subject.kind === 'service' && facts.shown.services[subject.id] && !isWord(subject.id)
      ? subject.id
      : subjectText(subject)
  return { ...found, evidence: [...evidence], fixes: [...fixes], commandLine: `wheelhouse why ${word}` }
}

function findingOf(subject: Subject, facts: WhyFacts): Finding {
  switch (subject.kind) {
    case 'site':
      return whySite(facts)
    case 'store':
      return whyStore(facts)
    case 'backups':
      return whyBackups(facts)
    case 'rehearsals':
      return whyRehearsals(facts)
    case 'machine':
      return whyMachine(facts)
    case 'broker':
      return whyBroker(facts)
    case 'maintenance':
      return whyMaintenance(facts)
    case 'service':
      return whyService(subject.id, facts)
    case 'route':
      return whyRoute(subject.id, facts)
    case 'database':
      return whyDatabase(subject.id, facts)
    case 'dependency':
      return whyDependency(subject.id, facts)
    case 'device':
      return whyDevice(subject.id, facts)
    case 'policy':
      return whyPolicy(subject.id, facts)
    case 'check':
      return whyCheck(subject.id, facts, (behind) => findingOf(behind, facts))
    case 'drill':
      return whyDrill(subject.id, facts)
    case 'job':
      return whyJob(subject.id, facts)
    case 'card':
      return whyCard(subject.id, facts)
    case 'snapshot':
      return whySnapshot(subject.id, facts)
    case 'event':
      return whyEvent(subject.id, facts)
  }
}
