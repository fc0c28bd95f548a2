/** What is told of the site's databases; the subject is always the service. */
export const databaseEvents = {
  connected: 'database.connected',
  lost: 'database.lost',
  damaged: 'database.damaged',
  degraded: 'database.degraded',
  recovered: 'database.recovered',
  closed: 'database.closed',
  checked: 'database.checked',
  copied: 'database.copied',
  repaired: 'database.repaired',
  notRepaired: 'database.not-repaired',
} as const
