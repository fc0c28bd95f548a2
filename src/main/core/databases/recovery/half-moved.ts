import type { Attention } from '#core/attention/index.ts'
import type { Cause } from '#shared/vocabulary.ts'

const card = (service: string) => `database-half-moved:${service}`

/** Only some of a database's files are where they were, so nothing may run on it: a person must know where each of them lies. */
export function raiseHalfMoved(
  attention: Attention,
  { service, where, why }: { readonly service: string; readonly where: string; readonly why: string },
): void {
  attention.raise({
    id: card(service),
    subject: `service:${service}`,
    severity: 'critical',
    title: `The files of the database ${where} are not all in one place`,
    why: `${why} What needs it stays stopped. Take what is in the way from there, or make room; then close the site and open it again, which moves the rest.`,
    fixes: [
      { label: 'Restore from a backup', action: { type: 'restore', snapshot: null } },
      { label: 'Look at it', action: { type: 'go-to', page: `/services/${service}` } },
    ],
    cause: { type: 'observation', what: why },
    dismissible: false,
  })
}

export function clearHalfMoved(attention: Attention, service: string, cause: Cause): void {
  attention.clear(card(service), cause)
}
