/** The kinds of events about the console's own store. Their subject is `store:<database>`. */
export const storeEventKinds = {
  recovered: 'store.recovered',
  stoodIn: 'store.stood-in',
  standInEnded: 'store.stand-in-ended',
  logDamaged: 'store.log-damaged',
  logLost: 'store.log-lost',
  checked: 'store.checked',
  copied: 'store.copied',
  copyFailed: 'store.copy-failed',
  quarantineRemoved: 'store.quarantine-removed',
} as const
