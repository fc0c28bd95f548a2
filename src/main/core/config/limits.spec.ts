import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { loadSite } from './index.ts'

async function load(service: string) {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'api.mjs'), '')
  writeFileSync(join(folder.path, 'site.yaml'), `wheelhouse: 1\nsite: lab\nservices:\n  api: ${service}`)
  return await loadSite(folder.path)
}

it('limits are bytes, per cent of one core, counts, and a time of one minute unless it is said', async () => {
  const loaded = await load('{ kind: node, run: api.mjs, limits: { memory: 500MB, cpu: 150%, open-files: 1000 } }')
  expect(loaded.valid && loaded.definition.services.api?.limits).toEqual({
    memory: 500 * 1024 ** 2,
    cpu: 150,
    processes: null,
    openFiles: 1_000,
    forMs: 60_000,
  })
  const without = await load('{ kind: node, run: api.mjs }')
  expect(without.valid && without.definition.services.api?.limits).toBeNull()
})

it('a share without its sign, and limits of what the console does not run, are told with their place', async () => {
  const share = await load('{ kind: node, run: api.mjs, limits: { cpu: 1.5 } }')
  expect(share.valid ? [] : share.problems).toMatchObject([
    { code: 'share-bad', line: 4, path: 'services.api.limits.cpu', message: expect.stringContaining('`150%`') },
  ])
  const external = await load('{ kind: external, limits: { memory: 1GB } }')
  expect(external.valid ? [] : external.problems).toMatchObject([
    { code: 'key-not-for-kind', path: 'services.api.limits', remedy: expect.stringContaining('Remove `limits`') },
  ])
})
