import type { Fault } from './problem-report.ts'
import { isSecret } from './references.ts'
import type { SiteFile } from './site-schema.ts'

/** What `backup` may not say. */
export function backupFaults({ backup }: SiteFile): readonly Fault[] {
  if (!backup.encryption || isSecret(backup.encryption.passphrase)) return []
  const message = 'The passphrase of the backups stands in site.yaml, where it does not belong.'
  const remedy = 'Write `passphrase: "${secrets.NAME}"` and put the value into the secrets file.'
  return [{ code: 'secret-in-file', path: ['backup', 'encryption', 'passphrase'], message, remedy }]
}
