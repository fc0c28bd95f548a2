export { openBackups } from './backups.ts'
export { journalledSince } from './losses/journal-since.ts'
export { type BackupsOptions, noServices } from './options.ts'
export {
  type DumpRecord,
  dumpPath,
  dumpsFolder,
  mostRecordBytes,
  readDumpRecord,
  recordName,
} from './postgres/dump-record.ts'
export { identifier } from './postgres/names.ts'
export { programFolders } from './postgres/programs.ts'
export { restoreDump } from './postgres/restore-dump.ts'
export { ServerSession } from './postgres/server-session.ts'
export {
  type SandboxRecord,
  sandboxRecordName,
  sandboxRecordSchema,
} from './program/sandbox-removal.ts'
export type { Rehearsed } from './repository/snapshot-file.ts'
export { type Keep, planRetention, type RetentionPlan } from './retention.ts'
export { backupSchema, keepingSchema } from './tables.ts'
export { targetsSchema } from './targets/tables.ts'
export type * from './types.ts'
