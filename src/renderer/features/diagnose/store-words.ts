import type { StoreView } from '#shared/contract/index.ts'
import type { Mark } from '../../components/health-mark.tsx'

export type StoreState = StoreView['state']
export type StoreDatabase = StoreView['databases'][number]
export type DatabaseName = StoreDatabase['name']

/** The mark of each state of the store. */
export const storeStateMark: Record<StoreState, Mark> = {
  open: 'healthy',
  'read-only': 'unhealthy',
  recovering: 'maintenance',
  'stand-in': 'degraded',
  failed: 'unhealthy',
}

/** What each state is called beside its mark. */
export const storeStateWords: Record<StoreState, string> = {
  open: 'open',
  'read-only': 'read-only',
  recovering: 'recovering',
  'stand-in': 'a stand-in',
  failed: 'failed',
}

/** What a database of the store holds. */
export const databaseHolds: Record<DatabaseName, string> = {
  control: 'Events, jobs, cards and the bookkeeping of backups.',
  messages: 'The journal of messages and those in quarantine.',
}

export type CheckKind = 'quick' | 'full'

/** What each kind of check reads. */
export const checkWords: Record<CheckKind, string> = {
  quick: 'Reads the structure of the whole file. Seconds, even for a large one.',
  full: 'Reads the structure, every index and every reference between tables. Minutes for a large one.',
}

/** What is told of a store that does not simply record, in the banner of every page. `note` is the console's own first sentence. */
export interface StoreTrouble {
  readonly lead: string
  readonly note: string | null
  readonly meaning: string
}

/** The banner's words for a state; null while all is well. `comesBack`: the stand-in ends by itself. */
export function storeTrouble(state: StoreState, wholeNote: string | null, comesBack = false): StoreTrouble | null {
  // A line on every page; card, Diagnose and Why? have the rest.
  const note = wholeNote && (/^.*?[.!?](?= [A-Z])/s.exec(wholeNote)?.[0] ?? wholeNote)
  switch (state) {
    case 'open':
      return null
    case 'read-only':
      return {
        lead: 'The store is read-only.',
        note,
        meaning:
          'Make room on the disk, or see that it can be written to: recording goes on by itself then. What cannot be recorded is refused, not lost silently.',
      }
    case 'recovering':
      return {
        lead: "The console's store is being recovered.",
        note,
        meaning: 'Services go on meanwhile; this ends by itself.',
      }
    case 'stand-in':
      return {
        lead: 'A stand-in takes the place of a database.',
        note,
        meaning: comesBack
          ? 'The console records into it, and goes back to the database by itself as soon as that can be opened.'
          : 'The console records into it; what was there before is not touched until you decide.',
      }
    case 'failed':
      return {
        lead: "The console's store has failed.",
        note,
        meaning: 'Nothing new is recorded. Services go on.',
      }
  }
}

/** What is said once when all is well again after `state`. */
export function troubleOver(state: Exclude<StoreState, 'open'>): string {
  return state === 'read-only'
    ? 'The console records again.'
    : "The console's store is in order again, and the console records."
}

/** Size that all databases together are kept within. Bytes; 0 while it is not known. */
export function storeLimit(store: StoreView): number {
  return store.databases.reduce((sum, database) => sum + database.limitBytes, 0)
}

/** When the newest checked copy of any database was taken; null when there is none. */
export function newestCopyAt(store: StoreView): number | null {
  return store.databases.reduce<number | null>(
    (newest, { copies }) => (copies.newestAt === null ? newest : Math.max(newest ?? 0, copies.newestAt)),
    null,
  )
}

/** The database that the banner's Recover… is about: the first that a stand-in records for. */
export function standInOf(store: StoreView): DatabaseName {
  return store.databases.find((database) => database.state === 'stand-in')?.name ?? 'control'
}

/** Whether the stand-in that the banner is about ends by itself, once its database can be opened again. */
export function comesBack(store: StoreView): boolean {
  return store.databases.find(({ name }) => name === standInOf(store))?.comesBack ?? false
}

/** Whether a recovery reads the database before it touches anything: not where a stand-in or a failure has answered that. */
export function checkedFirst(state: StoreState): boolean {
  return state !== 'stand-in' && state !== 'failed'
}

/** The same acts on the command line. */
export const storeCommands = {
  check: (database: DatabaseName, kind: 'quick' | 'full') =>
    `wheelhouse store check ${database}${kind === 'full' ? ' --full' : ''}`,
  copy: (database: DatabaseName) => `wheelhouse store copy ${database}`,
  recover: (database: DatabaseName) => `wheelhouse store recover ${database}`,
} as const
