import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { DatabaseDefinition } from '#core/config/index.ts'
import { openBackupRig } from '../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { serviceOf, siteOf } from '../../../../test/support/site-definition.ts'

const terms: Omit<DatabaseDefinition, 'target'> = {
  pool: { size: 2, overflow: 2, recycleMs: 3_600_000, timeoutMs: 30_000, statementMs: 30_000, ping: true },
  recover: 'ask',
  check: 'off',
  backup: true,
  admin: null,
}

test('a snapshot says that it does not hold a database that site.yaml keeps out of it, without its address', async () => {
  using folder = temporaryFolder()
  const site = join(folder.path, 'site')
  mkdirSync(join(site, 'data'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  writeFileSync(join(site, 'data', 'grades.txt'), '1.0')
  const definition = siteOf([
    serviceOf('court', {
      title: 'Court files',
      database: { ...terms, backup: false, target: { engine: 'postgres', url: 'postgres://app:hidden@db' } },
    }),
    serviceOf('local', { title: 'Desks', database: { ...terms, target: { engine: 'sqlite', file: 'data/app.db' } } }),
  ])
  await using rig = await openBackupRig({ site, folder: join(folder.path, 'backups'), definition: () => definition })
  await rig.backUp()
  const warnings = Object.values(rig.state.slice('snapshots').all()).flatMap((snapshot) => snapshot.warnings)
  expect(warnings.filter((one) => one.includes('PostgreSQL'))).toEqual([
    'The PostgreSQL database of Court files is not in this snapshot, because site.yaml says `backup: off`. Back it up with pg_dump besides.',
  ])
  expect(warnings.join()).not.toContain('hidden')
})
