import type { AttentionDraft } from '#core/attention/index.ts'
import type { DatabaseName, StandIn, StoreStatistics, UntoldReport } from '#core/store/index.ts'
import type { Cause } from '#shared/vocabulary.ts'

/** Who is to be called when a person is needed, as site.yaml says. */
export interface Contact {
  readonly name: string
  readonly phone: string | null
  readonly email: string | null
}

export const cardIds = {
  unwritable: 'store-unwritable',
  replaced: (database: DatabaseName) => `store-replaced:${database}`,
  standIn: (database: DatabaseName) => `store-stand-in:${database}`,
  logDamaged: (database: DatabaseName) => `store-log-damaged:${database}`,
  copyFailed: (database: DatabaseName) => `store-copy-failed:${database}`,
} as const

const diagnose = { label: 'Look at the store', action: { type: 'go-to', page: '/diagnose' } } as const
const timeline = { label: 'What happened', action: { type: 'go-to', page: '/timeline' } } as const

export function unwritable({ state, note }: Pick<StoreStatistics, 'state' | 'note'>, cause: Cause): AttentionDraft {
  return {
    id: cardIds.unwritable,
    subject: 'store',
    severity: 'critical',
    title: 'The console cannot record what happens',
    why: `${note ?? 'Its own store takes no writes.'}${state === 'read-only' ? ' It goes on by itself as soon as the disk takes writes again.' : ''}`,
    fixes: [diagnose],
    cause,
    dismissible: false,
  }
}

export function replaced({ database, message }: UntoldReport, cause: Cause): AttentionDraft {
  return {
    id: cardIds.replaced(database),
    subject: `store:${database}`,
    severity: 'error',
    title: `The console's ${database} database was damaged and replaced`,
    why: message,
    fixes: [{ label: 'Check it', action: { type: 'check-store', database } }, timeline],
    cause,
    dismissible: true,
  }
}

export function standIn(
  database: DatabaseName,
  { why, damage }: StandIn,
  contact: Contact | null,
  cause: Cause,
): AttentionDraft {
  const reached = contact && [contact.phone, contact.email].filter((way) => way !== null).join(', ')
  const call = contact
    ? ` Call ${contact.name}${reached ? ` (${reached})` : ''}.`
    : ' Call whoever looks after this PC; site.yaml does not say who that is.'
  return {
    id: cardIds.standIn(database),
    subject: `store:${database}`,
    severity: 'critical',
    title: `A stand-in takes the place of the console's ${database} database`,
    why:
      damage === null
        ? `${why} The console goes back to it by itself as soon as it can be opened.${call}`
        : `${why}${call}`,
    fixes: [
      {
        label: damage === null ? `Try the ${database} database again…` : `Recover the ${database} database…`,
        action: { type: 'recover-store', database },
      },
      diagnose,
    ],
    cause,
    dismissible: false,
  }
}

export function logDamaged({ database, message }: UntoldReport, cause: Cause): AttentionDraft {
  return {
    id: cardIds.logDamaged(database),
    subject: `store:${database}`,
    severity: 'error',
    title: `Records of the console's ${database} database were lost with its log`,
    why: message,
    fixes: [{ label: 'Check the database', action: { type: 'check-store', database } }, timeline],
    cause,
    dismissible: true,
  }
}

export function copyFailed(database: DatabaseName, why: string, cause: Cause): AttentionDraft {
  return {
    id: cardIds.copyFailed(database),
    subject: `store:${database}`,
    severity: 'warning',
    title: `The console's ${database} database could not be copied`,
    why,
    fixes: [{ label: 'Check the database', action: { type: 'check-store', database } }, diagnose],
    cause,
    dismissible: true,
  }
}
