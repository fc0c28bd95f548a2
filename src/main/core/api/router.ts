import { backupKeysHandlers } from './handlers/backup-keys.ts'
import { backupsHandlers } from './handlers/backups.ts'
import { configHandlers } from './handlers/config.ts'
import { consoleHandlers, siteHandlers } from './handlers/console.ts'
import { databasesHandlers } from './handlers/databases.ts'
import { dependenciesHandlers } from './handlers/dependencies.ts'
import { deploysHandlers } from './handlers/deploys.ts'
import { devicesHandlers } from './handlers/devices.ts'
import { diagnosticsHandlers } from './handlers/diagnostics.ts'
import { drillsHandlers } from './handlers/drills.ts'
import { eventsHandlers } from './handlers/events.ts'
import { api } from './handlers/implement.ts'
import { attentionHandlers, jobsHandlers } from './handlers/jobs.ts'
import { keepingHandlers } from './handlers/keeping.ts'
import { maintenanceHandlers } from './handlers/maintenance.ts'
import { messagesHandlers } from './handlers/messages.ts'
import { recordingsHandlers } from './handlers/recordings.ts'
import { recoveryHandlers } from './handlers/recovery.ts'
import { rehearsalsHandlers } from './handlers/rehearsals.ts'
import { releasesHandlers } from './handlers/releases.ts'
import { routesHandlers } from './handlers/routes.ts'
import { servicesHandlers } from './handlers/services.ts'
import { storeHandlers } from './handlers/store.ts'
import { targetsHandlers } from './handlers/targets.ts'
import { verificationHandlers } from './handlers/verification.ts'

/** Every call of the contract with its handler. */
export const router = api.router({
  console: consoleHandlers,
  site: siteHandlers,
  config: configHandlers,
  services: servicesHandlers,
  messages: messagesHandlers,
  routes: routesHandlers,
  recordings: recordingsHandlers,
  deploys: deploysHandlers,
  devices: devicesHandlers,
  events: eventsHandlers,
  jobs: jobsHandlers,
  attention: attentionHandlers,
  backups: backupsHandlers,
  keeping: keepingHandlers,
  backupKeys: backupKeysHandlers,
  store: storeHandlers,
  databases: databasesHandlers,
  dependencies: dependenciesHandlers,
  diagnostics: diagnosticsHandlers,
  maintenance: maintenanceHandlers,
  verification: verificationHandlers,
  drills: drillsHandlers,
  recovery: recoveryHandlers,
  rehearsals: rehearsalsHandlers,
  targets: targetsHandlers,
  releases: releasesHandlers,
})
