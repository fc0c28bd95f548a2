import { backupKeysContract } from './backup-keys.ts'
import { backupsContract } from './backups.ts'
import { configContract } from './config.ts'
import { consoleContract, siteContract } from './console.ts'
import { databasesContract } from './databases.ts'
import { dependenciesContract } from './dependencies.ts'
import { deploysContract } from './deploys.ts'
import { devicesContract } from './devices.ts'
import { diagnosticsContract } from './diagnostics.ts'
import { drillsContract } from './drills.ts'
import { eventsContract } from './events.ts'
import { attentionContract, jobsContract } from './jobs.ts'
import { keepingContract } from './keeping.ts'
import { maintenanceContract } from './maintenance.ts'
import { messagesContract } from './messages.ts'
import { recordingsContract } from './recordings.ts'
import { recoveryContract } from './recovery.ts'
import { rehearsalsContract } from './rehearsals.ts'
import { releasesContract } from './releases.ts'
import { routesContract } from './routes.ts'
import { servicesContract } from './services.ts'
import { storeContract } from './store.ts'
import { targetsContract } from './targets.ts'
import { verificationContract } from './verification.ts'

/** Counts up when a client of the version before would misunderstand. Checked in the handshake. */
export const contractVersion = 6

/** Every call of the console, one file per area. Types, client, handlers and the API reference come from it. */
export const contract = {
  console: consoleContract,
  site: siteContract,
  services: servicesContract,
  messages: messagesContract,
  routes: routesContract,
  recordings: recordingsContract,
  deploys: deploysContract,
  devices: devicesContract,
  events: eventsContract,
  jobs: jobsContract,
  attention: attentionContract,
  config: configContract,
  backups: backupsContract,
  keeping: keepingContract,
  backupKeys: backupKeysContract,
  store: storeContract,
  databases: databasesContract,
  dependencies: dependenciesContract,
  diagnostics: diagnosticsContract,
  maintenance: maintenanceContract,
  verification: verificationContract,
  drills: drillsContract,
  recovery: recoveryContract,
  rehearsals: rehearsalsContract,
  targets: targetsContract,
  releases: releasesContract,
}
export type Contract = typeof contract

export * from './backup-keys.ts'
export * from './backups.ts'
export * from './config.ts'
export * from './databases.ts'
export * from './dependencies.ts'
export * from './deploys.ts'
export * from './devices.ts'
export * from './diagnostics.ts'
export * from './drills.ts'
export * from './each-slice.ts'
export * from './events.ts'
export * from './keeping.ts'
export * from './keeping-views.ts'
export * from './log-search.ts'
export * from './losses.ts'
export * from './maintenance.ts'
export * from './messages.ts'
export * from './processes.ts'
export * from './recordings.ts'
export * from './recovery.ts'
export * from './rehearsals.ts'
export * from './releases.ts'
export * from './routes.ts'
export * from './services.ts'
export * from './shared-schemas.ts'
export * from './snapshot-files.ts'
export * from './start-path.ts'
export * from './startup.ts'
export * from './state.ts'
export * from './store.ts'
export * from './stored-message.ts'
export * from './subscriptions.ts'
export * from './targets.ts'
export * from './unit.ts'
export * from './verification.ts'
