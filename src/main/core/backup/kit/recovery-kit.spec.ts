import { expect, test } from 'vitest'
import { newMasterKey } from '../repository/keys/master-key.ts'
import { readRecoveryKey, recoveryRows } from '../repository/keys/recovery-key.ts'
import { recoveryKit } from './recovery-kit.ts'

const repository = 'rp-0000000000000001'

function kit(master: Buffer): string {
  return recoveryKit({
    site: { name: 'Lab <b>1</b> & "2"', directory: '/srv/lab', zone: 'Asia/Manila' },
    place: '/mnt/backup/lab',
    repository,
    rows: recoveryRows(master, repository),
    madeAt: 1_700_000_000_000,
    contact: 'Lab office, local 204',
  })
}

test('the saved page is itself a file that the key is read from', () => {
  const master = newMasterKey()
  expect(readRecoveryKey(kit(master), repository)).toEqual(master)
})

test('it says whose it is, where the backups are, when it was made and how to restore; and runs and fetches nothing', () => {
  const page = kit(newMasterKey())
  for (const said of [
    'Lab &#60;b&#62;1&#60;/b&#62; &#38; &#34;2&#34;',
    '/mnt/backup/lab',
    repository,
    'Asia/Manila',
    'Lab office, local 204',
    'wheelhouse restore --site lab',
  ]) {
    expect(page).toContain(said)
  }
  expect(page).not.toMatch(/<script|src=|href=|url\(|\son\w+=/i)
  expect(page).toContain("default-src 'none'")
})
