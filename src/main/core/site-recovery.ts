import type { Attention } from './attention/index.ts'
import { brokerUrl, routerBrokerUrl } from './broker-address.ts'
import type { SiteDefinition } from './config/index.ts'
import type { Coordinator, RunMarks } from './coordinator/index.ts'
import type { Databases } from './databases/index.ts'
import type { EventLog } from './events/index.ts'
import type { Jobs } from './jobs/index.ts'
import type { Maintenance } from './maintenance/index.ts'
import type { Messaging } from './messaging/index.ts'
import type { Clock, CrashPoints, Logger } from './platform/index.ts'
import {
  callOperatorAction,
  commandAction,
  type FiguresPort,
  fileActions,
  openRecovery,
  type Recovery,
  reconnectAction,
  recoverSiteAction,
  restartAction,
  restartWithDependentsAction,
  restoreDatabaseAction,
  SetAside,
} from './recovery/index.ts'
import { holdsServices } from './restore-hold.ts'
import type { StateHub } from './state/index.ts'
import type { Store } from './store/index.ts'

export interface SiteRecoveryParts {
  readonly directory: string
  readonly marks: RunMarks
  readonly definition: () => SiteDefinition | null
  /** Throws the reason when nothing may be started now. */
  readonly assertStartable: () => void
  readonly store: Store
  readonly events: EventLog
  readonly jobs: Jobs
  readonly attention: Attention
  readonly state: StateHub
  readonly coordinator: Coordinator
  readonly messaging: Messaging
  readonly databases: Databases
  readonly maintenance: Maintenance
  readonly figures: FiguresPort
  readonly clock: Clock
  readonly crashPoints: CrashPoints
  readonly logger: Logger
}

/** Opens recovery over the parts of a site, with every action that they offer. */
export async function openSiteRecovery(parts: SiteRecoveryParts): Promise<Recovery> {
  const { store, jobs, maintenance, coordinator: services, messaging, definition } = parts
  const held = () => {
    if (maintenance.on) return 'maintenance'
    const job = jobs.running().find(holdsServices)
    return job ? `"${job.title}"` : null
  }
  const aside = new SetAside({ ...parts, site: parts.directory, seenMs: () => store.seenMs() })
  await aside.settle()
  const recovery = await openRecovery({ ...parts, database: store.control, held, seenMs: () => store.seenMs() })
  const reconnectRouter = async () => {
    const now = definition()
    if (now === null) return
    await messaging.configure(now, null)
    await messaging.configure(now, routerBrokerUrl(now), brokerUrl(now))
  }
  const ports = {
    ...parts,
    services,
    aside,
    reconnectRouter,
    call: recovery.call.bind(recovery),
    environment: process.env,
    markOf: (policy: string) => parts.marks.makeForErrand('step', policy),
  }
  const actions = [
    restartAction(services, parts.assertStartable),
    restartWithDependentsAction(services, parts.assertStartable),
    recoverSiteAction(services, parts.assertStartable),
    ...fileActions(ports),
    reconnectAction(ports),
    restoreDatabaseAction(ports),
    commandAction(ports),
    callOperatorAction(ports),
  ]
  for (const action of actions) recovery.add(action)
  return recovery
}
