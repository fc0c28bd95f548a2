import { createContext, useContext } from 'react'
import type { ServiceAction, StoreView } from '#shared/contract/index.ts'

type StoreDatabaseName = StoreView['databases'][number]['name']

/** What the operator is about to do, and is asked about first. */
export type Ask =
  | { readonly type: 'services'; readonly action: ServiceAction; readonly service?: string }
  /** From its unit of systemd to the console, or back. */
  | { readonly type: 'unit'; readonly verb: 'adopt' | 'release'; readonly service: string }
  /** `null`: the newest good snapshot. `paths`: only these, as path keys. */
  | { readonly type: 'restore'; readonly snapshot: string | null; readonly paths?: readonly string[] }
  | { readonly type: 'undo' }
  /** Of the console's own store; `null`: the operator chooses which database. */
  | { readonly type: 'check-store'; readonly database: StoreDatabaseName | null }
  | { readonly type: 'copy-store' }
  | { readonly type: 'recover-store'; readonly database: StoreDatabaseName }
  /** A site's database, by its service. */
  | { readonly type: 'recover-database'; readonly service: string }
  /** Frees what no snapshot needs. */
  | { readonly type: 'prune' }
  | { readonly type: 'delete-snapshot'; readonly snapshot: string }
  /** The rules of keeping: changed, with what they would remove, or applied now. */
  | { readonly type: 'retention' }
  /** What is done with the keys of encrypted backups. */
  | { readonly type: 'backup-key'; readonly what: 'unlock' | 'kit' | 'prove' | 'passphrases' }
  | { readonly type: 'drill'; readonly drill: string }
  | { readonly type: 'reset-sample' }
  | { readonly type: 'open-site' }

/** How any part of the page starts an action. */
export interface Actions {
  /** Opens the dialog that says what the action will touch. */
  ask(what: Ask): void
  /** Takes a backup at once: it touches nothing. */
  backUp(kind: 'full' | 'data'): void
  /** Rehearses a snapshot at once: it touches nothing of the live site. `null`: the newest good one. */
  rehearse(snapshot: string | null): void
  /** Shows a job's progress and result at the foot of the page until it is dismissed. */
  watch(job: string): void
}

export const ActionsContext = createContext<Actions | null>(null)

/** The actions of this page. */
export function useActions(): Actions {
  const actions = useContext(ActionsContext)
  if (!actions) throw new Error('The page was not composed: ActionsContext is missing.')
  return actions
}
