import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TargetDefinition } from '#core/config/index.ts'
import { openBackupRig } from '../support/backup-rig.ts'
import { temporaryFolder } from '../support/folders.ts'
import { noise } from '../support/odd-site.ts'
import { type S3Fault, type S3TestServer, startS3Server } from '../support/s3-server.ts'
import { reference } from '../support/site-definition.ts'
import { differences, listTree } from '../support/tree-listing.ts'
import { complaint } from './proof.ts'

const cause = { type: 'operator', via: 'command line' } as const
const passphrase = 'seven rusty ladders sing'

/** An encrypted repository in a bucket, with a snapshot in it, and a console on another computer as often as asked for. */
function worldIn(folder: string, server: S3TestServer) {
  const { endpoint, bucket, region, pathStyle, ca } = server.address
  const target: TargetDefinition = {
    kind: 's3',
    endpoint,
    bucket,
    prefix: 'site/backups/',
    region,
    pathStyle,
    ca,
    accessKey: reference('secrets.KEY'),
    secretKey: reference('secrets.SECRET'),
  }
  const site = join(folder, 'site')
  mkdirSync(join(site, 'data'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  for (let at = 0; at < 5; at++) writeFileSync(join(site, 'data', `file-${at}`), noise(150_000, at + 1))
  const open = () =>
    openBackupRig({
      site,
      folder: join(folder, 'unused'),
      target,
      passphrase,
      secrets: () => 'S3RVER',
    })
  return { site, open }
}

/** A share of the requests that a backup makes: which fail, one after the other. */
const shares = [0.2, 0.5, 0.8]
const harms: readonly (readonly [string, Omit<S3Fault, 'times' | 'after'>, number])[] = [
  ['is refused for good', { what: 'status', status: 403, code: 'AccessDenied' }, Number.POSITIVE_INFINITY],
  ['finds the connection cut in the middle of sending, once', { what: 'cut-upload' }, 1],
  ['gets half an answer, once', { what: 'cut' }, 1],
  ['finds the server overloaded, twice', { what: 'status', status: 503, code: 'SlowDown' }, 2],
]

test.each(harms)(
  'an encrypted repository in a bucket, when a request of a backup %s: what was acknowledged is there, whole, and the next backup is good',
  async (_, harm, times) => {
    using folder = temporaryFolder()
    await using server = await startS3Server()
    const world = worldIn(folder.path, server)
    const acknowledged: string[] = []
    let requests = 0
    {
      await using rig = await world.open()
      acknowledged.push(await rig.backUp())
      const before = server.requests.length
      writeFileSync(join(world.site, 'data', 'more'), noise(80_000, 90))
      acknowledged.push(await rig.backUp())
      requests = server.requests.length - before
    }
    expect(requests).toBeGreaterThan(8)
    for (const [turn, share] of shares.entries()) {
      writeFileSync(join(world.site, 'data', 'more'), noise(80_000, 100 + turn))
      const fault: S3Fault = { ...harm, times, after: Math.floor(requests * share) }
      {
        await using rig = await world.open()
        server.fault(fault)
        const { job } = await rig.backups.create({ kind: 'full', note: '', cause })
        const { state, message, data } = await rig.jobs.finished(job)
        expect(complaint(message ?? '')).toEqual([])
        // What passes is overcome; what does not is told.
        if (times < 3) expect({ share, state, message }).toMatchObject({ state: 'completed' })
        if (state === 'completed' && data.good === true) acknowledged.push(String(data.snapshot))
        fault.times = 0
      }
      // As if half an hour had gone by, after which the right to write of one who could not give it back has ended.
      server.age('lock.json', 3_600)
    }
    await using rig = await world.open()
    const last = await rig.backUp()
    const listed = rig.backups.snapshots().map(({ id }) => id)
    for (const id of acknowledged) expect(listed).toContain(id)
    for (const snapshot of listed) {
      const { job } = await rig.backups.verify({ snapshot, cause })
      expect(await rig.jobs.finished(job)).toMatchObject({ state: 'completed' })
    }
    const asBackedUp = listTree(world.site)
    writeFileSync(join(world.site, 'data', 'more'), 'spoilt')
    expect(await rig.restore(last)).toMatchObject({ state: 'completed' })
    expect(differences(asBackedUp, listTree(world.site))).toEqual([])
  },
  120_000,
)
