import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { startS3Server } from '../../../../../test/support/s3-server.ts'
import { FolderStorage } from './folder-storage.ts'
import { S3Storage } from './s3-storage.ts'
import type { Storage } from './storage.ts'

/** Opens storages of one place, each as another process would. */
interface Place extends AsyncDisposable {
  open(): Storage
}

const places: Readonly<Record<string, () => Promise<Place>>> = {
  async 'a folder'() {
    const folder = temporaryFolder()
    return {
      open: () => new FolderStorage(`${folder.path}/backups`),
      [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
    }
  },
  async 'a bucket'() {
    const server = await startS3Server()
    return {
      open: () => new S3Storage(server.address),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  },
}

const key = 'packs/0123.pack'
const bytes = (length: number, seed = 7) =>
  Buffer.from(Array.from({ length }, (_, at) => (at * seed + (at >> 8)) & 0xff))

describe.each(Object.entries(places))('the files of a repository in %s', (_, make) => {
  test('are read as they were written, whole and in parts', async () => {
    await using place = await make()
    using storage = place.open()
    await storage.prepare()
    const content = bytes(300_000)
    await storage.write(key, content, { fixed: true })
    await storage.write('config.json', 'a first text')
    await storage.write('config.json', 'ä text')

    using other = place.open()
    expect((await other.read(key))?.equals(content)).toBe(true)
    expect(String(await other.read('config.json'))).toBe('ä text')
    expect((await other.readRange(key, 100_000, 5_000))?.equals(content.subarray(100_000, 105_000))).toBe(true)
    expect((await other.readRange(key, 299_990, 5_000))?.equals(content.subarray(299_990))).toBe(true)
    expect(await other.readRange(key, 400_000, 10)).toHaveLength(0)
    expect(storage.durability()).toBe('strong')
  })

  test('are not there, which is no error', async () => {
    await using place = await make()
    using storage = place.open()
    expect(await storage.read(key)).toBeUndefined()
    expect(await storage.readRange(key, 0, 10)).toBeUndefined()
    expect(await storage.exists(key)).toBe(false)
    expect(await storage.list('packs/')).toEqual([])
  })

  test('are listed with their sizes, only those directly there, and gone once removed', async () => {
    await using place = await make()
    using storage = place.open()
    await storage.prepare()
    await storage.write('packs/b.pack', bytes(20))
    await storage.write('packs/a.pack', bytes(10))
    await storage.write('snapshots/c.json', '{}')
    expect(await storage.list('packs/')).toEqual([
      { key: 'packs/a.pack', size: 10 },
      { key: 'packs/b.pack', size: 20 },
    ])
    expect(await storage.exists('packs/a.pack')).toBe(true)
    await storage.remove('packs/a.pack')
    await storage.remove('packs/a.pack')
    expect(await storage.read('packs/a.pack')).toBeUndefined()
    expect(await storage.readRange('packs/a.pack', 0, 1)).toBeUndefined()
    expect(await storage.list('packs/')).toEqual([{ key: 'packs/b.pack', size: 20 }])
  })

  test('are made by one of two who want to make them', async () => {
    await using place = await make()
    using one = place.open()
    using other = place.open()
    await one.prepare()
    const outcomes = await Promise.allSettled([
      one.write('config.json', 'one', { ifAbsent: true }),
      other.write('config.json', 'other', { ifAbsent: true }),
    ])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { problem: { code: 'storage-exists' } },
    })
    expect(String(await one.read('config.json'))).toBe(outcomes[0]?.status === 'fulfilled' ? 'one' : 'other')
  })

  test('read anew after they were replaced, also in parts', async () => {
    await using place = await make()
    using storage = place.open()
    await storage.prepare()
    await storage.write(key, bytes(1_000, 3))
    await storage.readRange(key, 0, 10)
    await storage.write(key, bytes(1_000, 5))
    expect((await storage.readRange(key, 0, 10))?.equals(bytes(10, 5))).toBe(true)
  })

  test('are not put among files of somebody else', async () => {
    await using place = await make()
    using storage = place.open()
    await storage.prepare()
    await storage.write('holiday.jpg', 'no backup')
    await expect(storage.prepare()).rejects.toMatchObject({ problem: { code: 'repository-folder-not-empty' } })
  })

  test('are written by one at a time, who is named to the others', async () => {
    await using place = await make()
    using one = place.open()
    await one.prepare()
    await using lock = await one.lock('a backup of the lab')
    {
      // Another process: to one and the same a lock of its own is no hindrance.
      using other = place.open()
      if (other.kind === 's3') {
        await expect(other.lock('a check')).rejects.toMatchObject({
          problem: { code: 'repository-busy', message: expect.stringContaining(`process ${process.pid}`) },
        })
      }
    }
    await lock[Symbol.asyncDispose]()
    using later = place.open()
    await using _again = await later.lock('a check')
  })
})

describe('a repository in a folder', () => {
  test('on a disk without fsync is told as weak, and what was written is read back', async () => {
    using folder = temporaryFolder()
    const nodeFiles = await import('node:fs')
    let damage = false
    const files = {
      ...nodeFiles,
      promises: {
        ...nodeFiles.promises,
        async open(...call: Parameters<typeof nodeFiles.promises.open>) {
          const handle = await nodeFiles.promises.open(...call)
          handle.sync = () => Promise.reject(Object.assign(new Error('EINVAL'), { code: 'EINVAL' }))
          return handle
        },
        async rename(...[from, to]: Parameters<typeof nodeFiles.promises.rename>) {
          if (damage) nodeFiles.writeFileSync(from, 'something else')
          await nodeFiles.promises.rename(from, to)
        },
      },
    }
    using storage = new FolderStorage(folder.path, { files })
    await storage.write('config.json', 'text')
    expect(storage.durability()).toBe('weak')
    damage = true
    await expect(storage.write('config.json', 'newer')).rejects.toMatchObject({ problem: { code: 'storage-not-kept' } })
  })

  test('on a disk whose fsync fails is not written to', async () => {
    using folder = temporaryFolder()
    const nodeFiles = await import('node:fs')
    const files = {
      ...nodeFiles,
      promises: {
        ...nodeFiles.promises,
        async open(...call: Parameters<typeof nodeFiles.promises.open>) {
          const handle = await nodeFiles.promises.open(...call)
          handle.sync = () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }))
          return handle
        },
      },
    }
    using storage = new FolderStorage(folder.path, { files })
    await expect(storage.write('config.json', 'text')).rejects.toThrow('EIO')
    expect(nodeFiles.readdirSync(folder.path)).toEqual([])
  })

  test('keeps no more files open than it may', async () => {
    using folder = temporaryFolder()
    const { readdirSync } = await import('node:fs')
    const openFiles = () => readdirSync('/proc/self/fd').length
    const before = openFiles()
    {
      using storage = new FolderStorage(folder.path)
      await storage.prepare()
      for (let at = 0; at < 60; at++) await storage.write(`packs/${at}.pack`, bytes(10))
      for (let at = 0; at < 60; at++) await storage.readRange(`packs/${at}.pack`, 0, 5)
      expect(openFiles() - before).toBeLessThanOrEqual(26)
    }
    expect(openFiles() - before).toBeLessThanOrEqual(2)
  })

  test('is free again as soon as its writer was killed', async () => {
    using folder = temporaryFolder()
    using storage = new FolderStorage(folder.path)
    await storage.prepare()
    const holder = fileURLToPath(new URL('../../../../../test/support/repository-holder.program.ts', import.meta.url))
    const child = spawn(process.execPath, [holder, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    await expect(storage.lock('a check')).rejects.toMatchObject({ problem: { code: 'repository-busy' } })
    child.kill('SIGKILL')
    await once(child, 'close')
    await using _lock = await storage.lock('a check')
  })
})
