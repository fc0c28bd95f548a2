import { join } from 'node:path'
import type { Cause } from '#shared/vocabulary.ts'
import { type Attention, attentionSchema, openAttention } from './attention/index.ts'
import {
  type Backups,
  backupSchema,
  journalledSince,
  keepingSchema,
  openBackups,
  targetsSchema,
} from './backup/index.ts'
import type { LoadedSite, SiteDefinition } from './config/index.ts'
import { configSchema, openSecrets, openSiteKey, releaseFolder, variablesOf } from './config/index.ts'
import { type Coordinator, coordinatorSchema, openCoordinator, RunMarks } from './coordinator/index.ts'
import { type Databases, databaseProbe, databasesSchema, openDatabases } from './databases/index.ts'
import { type Dependencies, dependenciesSchema, openDependencies } from './dependencies/index.ts'
import { type DeployConfig, type Deploys, openDeploys } from './deploy/index.ts'
import { type Drills, drillsSchema, openDrills } from './drills/index.ts'
import { ClockWatch, type EventLog, eventsSchema, openEventIndexer, openEventLog } from './events/index.ts'
import { FileLooks, openPushes, type SitePushes } from './health/index.ts'
import { type Jobs, jobsSchema, openJobs } from './jobs/index.ts'
import { type Maintenance, maintenanceSchema, openMaintenance } from './maintenance/index.ts'
import {
  devicesSchema,
  heldSchema,
  type Messaging,
  messagingSchema,
  openMessaging,
  openRecordings,
  type Recordings,
  recordingsSchema,
} from './messaging/index.ts'
import { openMachineMetrics } from './metrics/index.ts'
import { type DisposableStore, mountOf, networkApart } from './platform/index.ts'
import { type Recovery, recoverySchema } from './recovery/index.ts'
import { openRehearsals, type Rehearsals, rehearsalsSchema } from './rehearsal/index.ts'
import { openReleases, type Releases, releasesSchema } from './releases/index.ts'
import type { SitePorts } from './site-ports.ts'
import { openSiteRecovery } from './site-recovery.ts'
import { openStore, type Store } from './store/index.ts'
import { openStoreCare, type StoreCare } from './store-care/index.ts'
import { openUnits, type Units, unitsSchema } from './units/index.ts'
import { checkList, openVerification, type Verification } from './verification/index.ts'

/** The parts of an open site, in the order in which they depend on each other. */
export interface SiteParts {
  readonly store: Store
  readonly events: EventLog
  readonly jobs: Jobs
  readonly attention: Attention
  readonly messaging: Messaging
  readonly recordings: Recordings
  readonly databases: Databases
  readonly pushes: SitePushes
  readonly dependencies: Dependencies
  readonly units: Units
  readonly coordinator: Coordinator
  readonly releases: Releases
  readonly backups: Backups
  readonly rehearsals: Rehearsals
  readonly storeCare: StoreCare
  readonly maintenance: Maintenance
  readonly verification: Verification
  readonly deploys: Deploys
  readonly drills: Drills
  readonly recovery: Recovery
}

/** Who the site is, also when its site.yaml cannot be used. */
export interface SiteIdentity {
  readonly id: string
  readonly name: string
  readonly directory: string
  /** The site's `.wheelhouse` folder. */
  readonly own: string
  readonly backupFolder: string
  readonly loaded: LoadedSite
}

/** What parts ask of the site as a whole, which is there only when all of them are. */
export interface SiteHooks {
  /** A restore has brought other files. */
  afterSwap(): Promise<void>
  /** Hands the definition in use to the parts again, because somebody else runs a service now. */
  redefine(): Promise<void>
  /** Starts what is enabled, when maintenance had kept the console from it. */
  startSite(cause: Cause): Promise<unknown>
  /** Throws the reason when nothing may be started now. */
  assertStartable(): void
  /** The site's configuration, for deploys. */
  config: DeployConfig
}

/**
 * Opens every part and hands each to `owned`, so that a failure half-way gives back what was opened. `definition` is asked
 * whenever a part needs the definition in use.
 */
export async function openParts(
  site: SiteIdentity,
  definition: () => SiteDefinition | null,
  hooks: SiteHooks,
  ports: SitePorts,
  owned: DisposableStore,
): Promise<SiteParts> {
  const { clock, logger, runtime, state, crashPoints } = ports
  const readable = site.loaded.definition
  const store = owned.add(
    await openStore({
      directory: site.own,
      schemas: {
        control: [
          eventsSchema,
          jobsSchema,
          attentionSchema,
          unitsSchema,
          coordinatorSchema,
          backupSchema,
          keepingSchema,
          targetsSchema,
          databasesSchema,
          dependenciesSchema,
          maintenanceSchema,
          drillsSchema,
          recoverySchema,
          rehearsalsSchema,
          releasesSchema,
          configSchema,
        ],
        messages: [messagingSchema, recordingsSchema, heldSchema, devicesSchema],
      },
      runtime,
      clock,
      logger: logger.part('store'),
      crashPoints,
      ...(readable && { limits: readable.store }),
      zone: readable?.zone ?? 'UTC',
    }),
  )
  const database = store.control
  const events = owned.add(openEventLog({ database, clock, logger: logger.part('events') }))
  owned.add(
    openEventIndexer({
      database,
      clock,
      logger: logger.part('events'),
      onCommitted: (wake) => events.onCommitted(() => wake()),
      reindex: (why) => events.reindex(why),
      databaseLimit: () => store.limits.control,
    }),
  )
  const [newest] = (await events.page({ limit: 1 })).events
  owned.add(new ClockWatch(clock, events, newest?.at ?? null))
  const jobs = owned.add(
    await openJobs({ database, events, state: state.slice('jobs'), clock, logger: logger.part('jobs') }),
  )
  const attention = owned.add(
    openAttention({ database, events, state: state.slice('attention'), clock, logger: logger.part('attention') }),
  )
  const storeCare = owned.add(
    await openStoreCare({
      store,
      events,
      jobs,
      attention,
      state: state.slice('store'),
      contact: () => definition()?.contact ?? (site.loaded.valid ? site.loaded.definition.contact : null),
      clock,
      logger: logger.part('store'),
    }),
  )
  owned.add(openMachineMetrics({ state, clock, path: site.directory, logger: logger.part('metrics') }))
  // By folder, not by id: any site may call itself what another is called.
  const secrets = await openSecrets(ports.sandbox?.userData ?? ports.folders.data, ports.sandbox?.of ?? site.directory)
  const messaging = owned.add(
    await openMessaging({
      directory: site.directory,
      store,
      events,
      attention,
      state,
      runtime,
      clock,
      secrets,
      logger: logger.part('messaging'),
    }),
  )
  const recordings = owned.add(
    await openRecordings({
      store,
      recorder: messaging.recorder,
      jobs,
      events,
      state,
      clock,
      logger: logger.part('recordings'),
    }),
  )
  const databases = owned.add(
    openDatabases({
      site,
      definition,
      services: () => coordinator,
      database,
      jobs,
      events,
      attention,
      state: state.slice('databases'),
      runtime,
      clock,
      uncleanExit: !['new', 'clean'].includes(store.opened.control.how),
      crashPoints,
      logger: logger.part('databases'),
      random: ports.random,
    }),
  )
  const siteKey = await openSiteKey(ports.folders.data, site.directory, logger)
  const pushes = owned.add(
    openPushes({
      folder: site.own,
      secret: siteKey('push'),
      state: state.slice('pushed'),
      runtime,
      clock,
      logger: logger.part('pushes'),
    }),
  )
  const dependencies = owned.add(
    openDependencies({
      site,
      database,
      events,
      attention,
      state: state.slice('dependencies'),
      runtime,
      clock,
      logger: logger.part('dependencies'),
      secrets,
      key: siteKey('proxy'),
      serves: ports.owner.host !== 'command line',
    }),
  )
  const askDatabase = databaseProbe({ runtime, clock })
  const units = owned.add(
    openUnits({
      database,
      services: () => coordinator,
      redefine: hooks.redefine,
      assertStartable: hooks.assertStartable,
      jobs,
      events,
      attention,
      clock,
      logger: logger.part('units'),
      crashPoints,
      serves: ports.owner.host !== 'command line',
    }),
  )
  const looks = owned.add(new FileLooks({ clock, mountOf }))
  const coordinator: Coordinator = owned.add(
    await openCoordinator({
      definition: null,
      directory: site.directory,
      processes: ports.processes,
      runtime,
      builtins: { broker: messaging.broker, database: databases.builtin },
      database,
      events,
      attention,
      state,
      clock,
      logger: logger.part('coordinator'),
      random: ports.random,
      crashPoints,
      pushes,
      databases: askDatabase,
      looks,
      secrets,
      dependencies,
      units,
    }),
  )
  const protect: { now: () => readonly string[] } = { now: () => [] }
  const releases = owned.add(
    await openReleases({
      protects: () => protect.now(),
      site,
      database,
      events,
      state: state.slice('releases'),
      runtime,
      clock,
      logger: logger.part('releases'),
      crashPoints,
    }),
  )
  const backups = owned.add(
    await openBackups({
      site: {
        id: site.id,
        name: site.name,
        directory: site.directory,
        zone: site.loaded.valid ? site.loaded.definition.zone : 'UTC',
      },
      definition,
      afterSwap: hooks.afterSwap,
      folder: site.backupFolder,
      target: ports.sandbox ? null : (site.loaded.definition?.backup.target ?? null),
      apart: ports.sandbox !== undefined,
      services: coordinator,
      emergencyStops: () => coordinator.emergencyStops,
      jobs,
      events,
      attention,
      state,
      runtime,
      clock,
      logger: logger.part('backup'),
      crashPoints,
      database,
      journalledSince: (at) => journalledSince(store.messages, at),
      beforeRisk: (signal) => storeCare.copyBeforeRisk(signal),
      paused: () => (state.slice('maintenance').get('maintenance')?.on ? 'the site is in maintenance' : null),
      encryption: () => {
        const read = definition() ?? site.loaded.definition
        return { secret: read ? (read.backup.encryption?.secret ?? null) : undefined }
      },
      secrets,
      ...(!ports.sandbox && { exports: join(ports.folders.data, 'exports') }),
      contact: () => {
        const contact = (definition() ?? site.loaded.definition)?.contact
        return contact ? [contact.name, contact.phone, contact.email].filter((part) => part !== null).join(', ') : null
      },
    }),
  )
  const rehearsals = owned.add(
    await openRehearsals({
      site,
      sample: ports.sample,
      profile: ports.profile,
      userData: ports.folders.data,
      source: backups.source,
      services: coordinator,
      database,
      jobs,
      events,
      attention,
      state,
      processes: ports.processes,
      runtime,
      clock,
      apart: ports.networkApart ?? networkApart,
      logger: logger.part('rehearsal'),
      crashPoints,
    }),
  )
  owned.add(pushes.onHealth((service, health, sentence) => coordinator.report(service, health, sentence)))
  const maintenance = owned.add(
    await openMaintenance({
      database,
      events,
      attention,
      services: coordinator,
      messages: messaging,
      startSite: hooks.startSite,
      state: state.slice('maintenance'),
      seenMs: () => store.seenMs(),
      clock,
      logger: logger.part('maintenance'),
    }),
  )
  const marks = new RunMarks(site.directory)
  const verification = owned.add(
    openVerification({
      list: async () => {
        const inUse = definition()
        if (!inUse) return null
        const variables = variablesOf(site.directory, await releaseFolder(site.directory))
        const factsOf = (service: string) => pushes.factsOf(service)
        const environment = programPlaces()
        return checkList({
          definition: inUse,
          variables,
          secrets,
          state,
          databases: askDatabase,
          askDependency: (id, signal) => dependencies.ask(id, signal),
          looks,
          factsOf,
          clock,
          environment,
          markOf: (check) => marks.makeForErrand('check', check),
        })
      },
      state,
      events,
      attention,
      clock,
      logger: logger.part('verification'),
    }),
  )
  const deploys: Deploys = owned.add(
    await openDeploys({
      site,
      definition,
      config: hooks.config,
      releases,
      coordinator,
      backups,
      verification,
      jobs,
      events,
      attention,
      state,
      runtime,
      clock,
      logger: logger.part('deploys'),
      crashPoints,
      uncleanExit: !['new', 'clean'].includes(store.opened.control.how),
      serves: ports.owner.host !== 'command line',
    }),
  )
  protect.now = () => deploys.protects()
  const drills = owned.add(
    await openDrills({
      site,
      database,
      coordinator,
      messaging,
      databases,
      maintenance,
      jobs,
      events,
      attention,
      state,
      processes: ports.processes,
      runtime,
      clock,
      logger: logger.part('drills'),
    }),
  )
  const recovery = owned.add(
    await openSiteRecovery({
      directory: site.directory,
      marks,
      definition,
      assertStartable: hooks.assertStartable,
      store,
      events,
      jobs,
      attention,
      state,
      coordinator,
      messaging,
      databases,
      maintenance,
      figures: pushes.figures,
      clock,
      crashPoints,
      logger: logger.part('recovery'),
    }),
  )
  return {
    store,
    events,
    jobs,
    attention,
    messaging,
    recordings,
    databases,
    pushes,
    dependencies,
    units,
    coordinator,
    releases,
    backups,
    rehearsals,
    storeCare,
    maintenance,
    drills,
    recovery,
    verification,
    deploys,
  }
}

/** What the command of a check may see of the console's environment. */
function programPlaces(): Readonly<Record<string, string>> {
  const { PATH, HOME, LANG } = process.env
  return {
    ...(PATH !== undefined && { PATH }),
    ...(HOME !== undefined && { HOME }),
    ...(LANG !== undefined && { LANG }),
  }
}
