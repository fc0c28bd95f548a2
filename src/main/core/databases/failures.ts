import { ConsoleError } from '#shared/problem.ts'

/** What a failure of a database means for whoever asked, and for whether it is tried again. */
export type FailureKind =
  /** The statement is at fault: a constraint, a mistake in it, a right that is missing. */
  | 'refused'
  /** A deadlock, a serialization failure, a lock: the database has undone the transaction, and a second try may succeed. */
  | 'conflict'
  /** The server said that it ends this connection, or that it is not ready yet. */
  | 'ending'
  /** The connection could not be made, or broke. */
  | 'lost'
  /** The server has no connection left. */
  | 'crowded'
  /** Nobody gets in this way: password, user, name of the database. */
  | 'denied'
  | 'missing'
  | 'damaged'
  | 'read-only'
  | 'no-space'
  /** It took longer than allowed and was ended. */
  | 'timeout'
  /** The connection broke while the commit was on its way. */
  | 'commit-unknown'

/** Which database, for sentences. */
export interface Place {
  readonly service: string
  readonly where: string
}

/** A failure of a database as a sentence, with what it means. `reason` is the engine's own code. */
export class DatabaseError extends ConsoleError {
  readonly kind: FailureKind
  readonly reason: string

  constructor(
    kind: FailureKind,
    place: Place,
    detail: { readonly reason: string; readonly message: string },
    cause?: unknown,
  ) {
    const { message, remedy } = sentences(kind, place, detail.message.replace(/[.\s]+$/, ''))
    super(`database-${kind}`, message, remedy, {
      params: { service: place.service, where: place.where, reason: detail.reason },
      retryable:
        kind === 'conflict' || kind === 'ending' || kind === 'lost' || kind === 'crowded' || kind === 'timeout',
      cause,
    })
    this.kind = kind
    this.reason = detail.reason
  }
}

function sentences(kind: FailureKind, { service, where }: Place, why: string): { message: string; remedy: string } {
  const it = `The database ${service} (${where})`
  switch (kind) {
    case 'refused':
      return {
        message: `${it} refused a statement: ${why}.`,
        remedy: 'Correct the statement, or the data that it meets.',
      }
    case 'conflict':
      return { message: `${it} undid a transaction because another one was in its way: ${why}.`, remedy: 'Try again.' }
    case 'ending':
      return {
        message: `${it} ended the connection: ${why}.`,
        remedy: 'It is being shut down or started; wait until it runs again.',
      }
    case 'lost':
      return {
        message: `${it} cannot be reached: ${why}.`,
        remedy: 'Start the database server, and check address and network; the console connects again by itself.',
      }
    case 'crowded':
      return {
        message: `${it} takes no more connections: ${why}.`,
        remedy:
          'Make the pool smaller in site.yaml, raise max_connections of the server, or close other programs that use it.',
      }
    case 'denied':
      return {
        message: `${it} lets nobody in this way: ${why}.`,
        remedy:
          'Correct user, name or PGPASSWORD of this database in site.yaml and its secret, then restart the service.',
      }
    case 'missing':
      return {
        message: `${it} is not there: ${why}.`,
        remedy: 'Recover it from its newest copy, or restore it from a backup; the console never makes an empty one.',
      }
    case 'damaged':
      return {
        message: `${it} is damaged: ${why}.`,
        remedy:
          'Recover it: the damaged file is set aside and the newest good copy takes its place. Or restore a backup.',
      }
    case 'read-only':
      return {
        message: `${it} takes no changes: ${why}.`,
        remedy: 'Make it writable: the rights of file and folder, or default_transaction_read_only of the server.',
      }
    case 'no-space':
      return {
        message: `${it} has no room left: ${why}.`,
        remedy: 'Make room on its disk; nothing that was committed is lost.',
      }
    case 'timeout':
      return {
        message: `${it} did not answer in time: ${why}.`,
        remedy:
          'Look at its load and its disk; a statement that needs longer needs a longer `pool.statement` in site.yaml.',
      }
    case 'commit-unknown':
      return {
        message: `${it} broke off while a change was being committed, so it is not known whether it took effect: ${why}.`,
        remedy: 'Look whether the change is there before it is made again; the console does not repeat it.',
      }
  }
}

/** How far a session had come when it failed. */
export type Stage = 'begin' | 'inside' | 'commit'

/**
 * Whether the whole session is run again. Before its function has begun nothing can be doubled. Afterwards only what the
 * database has surely undone, unless the session is not repeatable; a lost connection only where the session said that it
 * is. A commit whose outcome is unknown is never repeated.
 */
export function mayRepeat(error: unknown, stage: Stage, repeatable: boolean | undefined): boolean {
  if (!(error instanceof DatabaseError)) return false
  const { kind } = error
  if (stage === 'begin') return kind === 'lost' || kind === 'ending' || kind === 'conflict' || kind === 'crowded'
  if (repeatable === false) return false
  if (kind === 'conflict' || (kind === 'ending' && stage === 'inside')) return true
  return kind === 'lost' && stage === 'inside' && repeatable === true
}
