/** What maintenance tells. The subject is always `site`. */
export const maintenanceEvents = {
  began: 'maintenance.began',
  /** Its end or its reason was changed while it was on. */
  changed: 'maintenance.changed',
  /** It is over; `data` is the report of what it held back. */
  ended: 'maintenance.ended',
} as const
