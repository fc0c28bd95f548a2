import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemOwners } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { testRuntime } from '../../../../../test/support/runtime.ts'
import { FolderStorage } from '../repository/folder-storage.ts'
import { openWithSecret } from '../repository/keys/key-folder.ts'
import { openRepository } from '../repository/repository.ts'
import { openEngine } from './engine.ts'
import type { HelloSecrets } from './messages.ts'

const passphrase = 'seven rusty ladders sing'

/** One console of several that come to an empty folder; resolves with the repository's id, or with the code of its refusal. */
async function come(folder: string, secrets: HelloSecrets): Promise<string> {
  const hello = {
    target: { kind: 'folder' as const, folder },
    site: { id: 'bench', name: 'Bench', directory: folder },
    databaseCopy: testRuntime().program('database-copy'),
    crew: testRuntime().program('backup-crew'),
    secrets,
  }
  const ports = {
    runtime: testRuntime(),
    owners: systemOwners(),
    platform: process.platform,
    progress() {},
    reach: async () => {},
  }
  try {
    await using engine = await openEngine(hello, ports, { what: 'a spec', create: true })
    return engine.repository.config.id
  } catch (error) {
    return (error as { problem?: { code: string } }).problem?.code ?? String(error)
  }
}

test.each([
  { how: 'plain', secrets: { key: null, passphrase: null, sealed: false } },
  { how: 'encrypted', secrets: { key: null, passphrase, sealed: true } },
])(
  'of several that find no repository at the same time one makes it, $how; the others use it or are told',
  async ({ secrets }) => {
    using folder = temporaryFolder()
    const backups = join(folder.path, 'backups')
    const outcomes = await Promise.all([1, 2, 3].map(() => come(backups, secrets)))
    using storage = new FolderStorage(backups)
    const made = await openRepository(storage)
    expect(outcomes).toContain(made?.config.id)
    for (const outcome of outcomes) expect(['repository-busy', made?.config.id]).toContain(outcome)
    if (!secrets.sealed || !made) return
    // The key of whoever made it was not taken for a remain by another.
    expect(readdirSync(join(backups, 'keys'))).toHaveLength(1)
    expect(await openWithSecret(storage, made.config, passphrase)).toMatchObject({ by: 'passphrase' })
  },
)

test('a place that must be encrypted and cannot be is refused before anything is made there', async () => {
  using folder = temporaryFolder()
  const backups = join(folder.path, 'backups')
  expect(await come(backups, { key: null, passphrase: null, sealed: true })).toBe('repository-not-encrypted')
  expect(existsSync(backups)).toBe(false)
})
