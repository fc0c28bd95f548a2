import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../../../../test/support/manual-clock.ts'
import { startS3Server } from '../../../../../../test/support/s3-server.ts'
import { S3Storage } from '../s3-storage.ts'
import { refreshEveryMs } from './lease.ts'

const quick = { patience: { connectMs: 5_000, silenceMs: 20_000, tries: 3, firstPauseMs: 1 } }
const key = 'packs/0123.pack'
const content = Buffer.alloc(400_000, 'backup')

describe('a repository in a bucket', () => {
  test('is read although the connection is cut in the middle, and written although it is cut on the way', async () => {
    await using server = await startS3Server()
    using storage = new S3Storage(server.address, quick)
    server.fault({ method: 'PUT', what: 'cut-upload', times: 2 })
    await storage.write(key, content)
    server.fault({ method: 'GET', what: 'cut', times: 2 })
    expect((await storage.read(key))?.equals(content)).toBe(true)
  })

  test('waits for a server that is overloaded, and says so when it stays so', async () => {
    await using server = await startS3Server()
    using storage = new S3Storage(server.address, quick)
    server.fault({ method: 'PUT', what: 'status', status: 503, times: 2 })
    await storage.write(key, content)
    server.fault({ method: 'PUT', what: 'status', status: 503, times: 3 })
    await expect(storage.write(key, content)).rejects.toMatchObject({
      problem: { code: 's3-busy', retryable: true, message: expect.stringContaining('The bucket lab at 127.0.0.1') },
    })
  })

  test('gives up on a server that says nothing', async () => {
    await using server = await startS3Server()
    using storage = new S3Storage(server.address, quick)
    using hasty = new S3Storage(server.address, { patience: { ...quick.patience, silenceMs: 100 } })
    server.fault({ what: 'silent', times: 3 })
    await expect(hasty.read(key)).rejects.toMatchObject({ problem: { code: 's3-unreachable', retryable: true } })
    // The next one goes through.
    expect(await storage.read(key)).toBeUndefined()
  })

  test.each([
    ['a wrong secret', { secretKey: 'wrong' }, 's3-refused'],
    ['an unknown key', { accessKey: 'nobody' }, 's3-refused'],
    ['a bucket that is not there', { bucket: 'elsewhere' }, 's3-bucket-missing'],
    ['a port where nothing listens', { endpoint: 'http://127.0.0.1:9' }, 's3-unreachable'],
    ['a way that others could read along', { endpoint: 'http://backups.example:9000' }, 's3-failed'],
  ])('with %s says what is wrong and keeps the secret', async (_, wrong, code) => {
    await using server = await startS3Server()
    using storage = new S3Storage({ ...server.address, secretKey: 'S3RVER', ...wrong }, quick)
    const failure = await storage.write('config.json', 'text').catch((error: unknown) => error)
    expect(failure).toMatchObject({ problem: { code } })
    expect(JSON.stringify(failure)).not.toContain(wrong && 'secretKey' in wrong ? '"wrong"' : 'S3RVER')
  })

  test('that is full says so', async () => {
    await using server = await startS3Server()
    using storage = new S3Storage(server.address, quick)
    server.fault({ method: 'PUT', what: 'status', status: 507, code: 'XMinioStorageFull', times: 9 })
    await expect(storage.write(key, content)).rejects.toMatchObject({ problem: { code: 'disk-full' } })
  })

  test('fetches neighbouring pieces at once', async () => {
    await using server = await startS3Server()
    using storage = new S3Storage(server.address, quick)
    await storage.write(key, content)
    server.requests.length = 0
    for (let at = 0; at < 300; at++) await storage.readRange(key, at * 1_000, 1_000)
    expect(server.requests).toEqual([`GET site/backups/${key}`])
  })
})

describe('the lease on a repository in a bucket', () => {
  test('is refreshed, and gone when it is given back', async () => {
    await using server = await startS3Server()
    const clock = new ManualClock()
    using storage = new S3Storage(server.address, { ...quick, clock })
    const lock = await storage.lock('a backup')
    server.requests.length = 0
    await clock.advance(refreshEveryMs)
    await expect.poll(() => server.requests).toEqual(['PUT site/backups/lock.json'])
    await lock[Symbol.asyncDispose]()
    expect(clock.waiting).toBe(0)
    expect(await storage.exists('lock.json')).toBe(false)
  })

  test('of another machine holds for half an hour by the clock of the server, and is then taken over', async () => {
    await using server = await startS3Server()
    using storage = new S3Storage(server.address, quick)
    const owner = { what: 'a backup', hostname: 'elsewhere', pid: 7, since: 0, token: 'theirs', process: 'boot/7.1' }
    await storage.write('lock.json', JSON.stringify(owner))
    server.age('lock.json', 29 * 60)
    await expect(storage.lock('a check')).rejects.toMatchObject({
      problem: { code: 'repository-busy', message: expect.stringContaining('process 7 on elsewhere') },
    })
    server.age('lock.json', 31 * 60)
    await using _lock = await storage.lock('a check')
    expect(String(await storage.read('lock.json'))).not.toContain('theirs')
  })

  test('of a process of this machine that is dead is taken over at once', async () => {
    await using server = await startS3Server()
    using one = new S3Storage(server.address, quick)
    await using _first = await one.lock('a backup')
    const record = JSON.parse(String(await one.read('lock.json')))
    // The same boot, and a process that has ended: pids stop at four million.
    const process = String(record.process).replace(/\/.*/, '/4999999.1')
    await one.write('lock.json', JSON.stringify({ ...record, token: 'dead', pid: 4_999_999, process }))
    using other = new S3Storage(server.address, quick)
    await using _second = await other.lock('a check')
  })

  test('is taken by one of many who come at the same moment', async () => {
    await using server = await startS3Server()
    const storages = Array.from({ length: 6 }, () => new S3Storage(server.address, quick))
    const outcomes = await Promise.allSettled(storages.map((storage) => storage.lock('a backup')))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') await outcome.value[Symbol.asyncDispose]()
    for (const storage of storages) storage[Symbol.dispose]()
  })

  test('that could not be refreshed stops its holder from writing before another may take it', async () => {
    await using server = await startS3Server()
    const clock = new ManualClock()
    using storage = new S3Storage(server.address, { clock, patience: { ...quick.patience, tries: 1 } })
    await using _lock = await storage.lock('a backup')
    await storage.write(key, content)
    server.fault({ method: 'PUT', key: /lock/, what: 'status', status: 503, times: 99 })
    for (let minutes = 0; minutes < 25; minutes += 5) {
      await clock.advance(refreshEveryMs)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await expect(storage.write(key, content)).rejects.toMatchObject({ problem: { code: 'repository-lock-lost' } })
    await expect(storage.remove(key)).rejects.toMatchObject({ problem: { code: 'repository-lock-lost' } })
  })
})
