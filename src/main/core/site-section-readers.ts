import { brokerUrl, routerBrokerUrl } from './broker-address.ts'
import { SectionReaders } from './config/index.ts'
import { pushingServices } from './health/index.ts'
import type { SiteParts } from './site-parts.ts'

/** The parts of a site, each with the sections that it works by, in the order in which they take a change over. */
export function sectionReaders(parts: SiteParts): SectionReaders {
  const readers = new SectionReaders()
  readers.add({ part: 'store', sections: ['store'], apply: ({ store }) => parts.store.setLimits(store) })
  // Before a database is opened: an interrupted drill may have left pages of it overwritten.
  readers.add({
    part: 'drills',
    sections: ['services', 'drills', 'zone'],
    apply: (definition) => parts.drills.configure(definition),
  })
  readers.add({
    part: 'databases',
    sections: ['services'],
    apply: (definition) => parts.databases.configure(definition),
  })
  // Before anything is started: a service is told in its environment where it may push.
  readers.add({
    part: 'pushes',
    sections: ['services', 'brokers'],
    apply: (definition) =>
      parts.pushes.configure(pushingServices(definition), brokerUrl(definition), parts.messaging.ownLogin),
  })
  readers.add({
    part: 'dependencies',
    sections: ['services', 'dependencies'],
    apply: (definition) => parts.dependencies.configure(definition),
  })
  readers.add({
    part: 'broker',
    sections: ['services'],
    apply: (definition) => parts.messaging.define(definition),
  })
  readers.add({
    part: 'coordinator',
    sections: ['id', 'services', 'phases', 'dependencies', 'brokers', 'parts', 'secrets', 'zone'],
    apply: (definition) => parts.coordinator.define(definition),
  })
  readers.add({
    part: 'messaging',
    sections: ['services', 'brokers', 'routes', 'devices', 'tables', 'outbox', 'parts'],
    apply: (definition) => parts.messaging.configure(definition, routerBrokerUrl(definition), brokerUrl(definition)),
  })
  readers.add({
    part: 'recovery',
    sections: ['services', 'recovery', 'parts', 'contact'],
    apply: (definition) => parts.recovery.configure(definition),
  })
  readers.add({
    part: 'rehearsals',
    sections: 'all',
    apply: (definition) => parts.rehearsals.configure(definition),
  })
  return readers
}
