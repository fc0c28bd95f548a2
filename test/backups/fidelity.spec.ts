import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openBackupRig } from '../support/backup-rig.ts'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { copyTree, makeOddSite, noise } from '../support/odd-site.ts'
import { differences, listTree } from '../support/tree-listing.ts'

const raw = (folder: string, ...name: number[]) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)])
const asRoot = process.getuid?.() === 0

/** What a file system can hold, beyond {@link makeOddSite}. */
async function makeOdderSite(site: string): Promise<void> {
  makeOddSite(site)
  const odd = join(site, 'odd')
  mkdirSync(odd)
  writeFileSync(join(odd, 'é composed'), 'NFC'.normalize('NFC'))
  writeFileSync(join(odd, 'é decomposed'.normalize('NFD')), 'NFD')
  writeFileSync(join(odd, 'é'.normalize('NFC')), 'one')
  writeFileSync(join(odd, 'é'.normalize('NFD')), 'two')
  writeFileSync(join(odd, '-rf'), 'a leading dash')
  writeFileSync(join(odd, ' spaces around '), 'spaces')
  writeFileSync(join(odd, 'tab\tand\rreturn'), 'control characters')
  writeFileSync(join(odd, 'trailing.'), 'a dot at its end')
  writeFileSync(join(odd, 'C:'), 'a drive elsewhere')
  writeFileSync(join(odd, 'back\\slash'), 'a separator elsewhere')
  writeFileSync(raw(odd, 0x80), 'no UTF-8')
  writeFileSync(raw(odd, ...Buffer.alloc(255, 0xff)), '255 bytes of no UTF-8')
  writeFileSync(join(odd, '😀'.repeat(63)), '252 bytes')
  symlinkSync('/etc/hostname', join(odd, 'absolute'))
  symlinkSync('loop', join(odd, 'loop'))
  symlinkSync('x'.repeat(4_000), join(odd, 'long target'))
  symlinkSync(Buffer.from([0xfe, 0xff]), raw(odd, 0x6c))
  for (const mode of [0o000, 0o001, 0o111, 0o444, 0o1777, 0o2755, 0o4755, 0o6711]) {
    writeFileSync(join(odd, `mode ${mode.toString(8)}`), mode.toString(8))
    chmodSync(join(odd, `mode ${mode.toString(8)}`), mode)
    mkdirSync(join(odd, `folder ${mode.toString(8)}`))
    chmodSync(join(odd, `folder ${mode.toString(8)}`), mode)
  }
  if (asRoot) {
    chownSync(join(odd, '-rf'), 4_000_000_000, 54_321)
    lchownSync(join(odd, 'absolute'), 12_345, 54_321)
    // A change of owner clears the bits, so they are set again.
    chownSync(join(odd, 'mode 4755'), 1, 1)
    chmodSync(join(odd, 'mode 4755'), 0o4755)
  }
  linkSync(join(odd, '-rf'), join(site, 'data', 'hard link to it'))
  linkSync(join(odd, '-rf'), join(odd, 'and another'))
  let deep = join(odd, 'deep')
  while (deep.length < 3_700) deep = join(deep, 'n'.repeat(200))
  execFileSync('mkdir', ['-p', deep])
  writeFileSync(join(deep, 'at the bottom'), 'deep')
  const times = [
    '1901-12-14 00:00:00.5',
    '1969-12-31 23:59:59.999999',
    '1970-01-01 00:00:00',
    '2038-01-19 03:14:08.123456',
    '2446-05-10 22:38:55',
  ]
  for (const [at, time] of times.entries()) {
    writeFileSync(join(odd, `time ${at}`), time)
    execFileSync('touch', ['-d', `${time} UTC`, join(odd, `time ${at}`)])
  }
  execFileSync('mkfifo', [join(odd, 'pipe')])
  const socket = spawn(process.execPath, [
    '-e',
    `require('node:net').createServer().listen(process.argv[1], () => console.log('listens'))`,
    join(odd, 's'),
  ])
  await once(socket.stdout, 'data')
  socket.kill('SIGKILL')
  await once(socket, 'close')
  execFileSync('touch', ['-d', '2020-02-02 02:02:02.020202', odd])
}

/** Every difference that rsync finds, by content, modes, owners, times, links and hard links. */
function rsyncDifferences(from: string, to: string): readonly string[] {
  const args = [
    '-n',
    '-i',
    '--checksum',
    '-aH',
    '--numeric-ids',
    '--delete',
    '--exclude=/.wheelhouse',
    `${from}/`,
    `${to}/`,
  ]
  const lines = execFileSync('rsync', args, { encoding: 'latin1' }).split('\n').filter(Boolean)
  // The time of the site folder itself changes with what is renamed in it.
  return lines.filter((line) => !/^\.d\.\.t\S* \.\/$/.test(line))
}

async function backedUpAndRestored(folder: string): Promise<{ site: string; copy: string }> {
  const [site, copy] = [join(folder, 'site'), join(folder, 'copy')]
  mkdirSync(site)
  await makeOdderSite(site)
  copyTree(site, copy)
  await using rig = await openBackupRig({ site, folder: join(folder, 'backups'), own: join(folder, 'own') })
  await rig.backUp()
  const [snapshot] = rig.backups.snapshots()
  expect(snapshot).toMatchObject({ partial: false, verified: { ok: true } })
  expect(snapshot?.warnings.join('\n')).toMatch(/odd\/pipe is a named pipe[\s\S]*odd\/s is a socket/)
  // Sockets and pipes are in no snapshot: they stay where they are. Everything else is lost.
  for (const name of readdirSync(site)) {
    if (name !== '.wheelhouse' && name !== 'odd') rmSync(join(site, name), { recursive: true })
  }
  execFileSync('find', [join(site, 'odd'), '-mindepth', '1', '!', '-type', 'p', '!', '-type', 's', '-delete'])
  expect(await rig.restore()).toMatchObject({ state: 'completed' })
  return { site, copy }
}

describe('a restored site', () => {
  needs('rsync')

  test('equals the copy that cp -a made of the source, by rsync and by find: names, content, modes, owners, times, links', async () => {
    using folder = temporaryFolder()
    const { site, copy } = await backedUpAndRestored(folder.path)
    // SQLite works in the folder of a database while it copies it, and gives its copy other bytes.
    const excused = /data\/app\.db|^"\.\/data": mtime/
    expect(differences(listTree(copy), listTree(site)).filter((line) => !excused.test(line))).toEqual([])
    expect(rsyncDifferences(copy, site).filter((line) => !/ data\/(app\.db.*)?$/.test(line))).toEqual([])
    expect(lstatSync(join(site, 'data', 'sparse.img')).blocks * 512).toBeLessThan(2_000_000)
  })

  test('equals what restic restores of the same tree', async (context) => {
    const missing = needs('restic')
    if (missing !== null) context.skip(missing)
    using folder = temporaryFolder()
    const { site, copy } = await backedUpAndRestored(folder.path)
    const [repository, restored] = [join(folder.path, 'restic'), join(folder.path, 'restored')]
    const env = { ...process.env, RESTIC_PASSWORD: 'x', RESTIC_REPOSITORY: repository, XDG_CACHE_HOME: folder.path }
    const restic = (cwd: string, ...args: string[]) =>
      execFileSync('restic', ['-q', ...args], { env, cwd, stdio: 'pipe' })
    restic(folder.path, 'init')
    restic(copy, 'backup', '.')
    restic(folder.path, 'restore', 'latest', '--target', restored)
    // Restic leaves out the socket, writes a target of other bytes than UTF-8 wrongly, and cannot set a time behind 2262.
    const excused = /^"\.\/(odd\/(pipe|s|l|time 4)|data\/app\.db[^"]*)"|^"\.\/(data|odd)": mtime|^"\."/
    expect(differences(listTree(restored), listTree(site)).filter((line) => !excused.test(line))).toEqual([])
  })
})

test('a path that is longer than the system allows is told, and costs the rest nothing', async () => {
  using folder = temporaryFolder()
  const site = join(folder.path, 'site')
  mkdirSync(join(site, 'data'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  writeFileSync(join(site, 'data', 'notes.txt'), 'kept')
  const script =
    'd=$(printf "n%.0s" $(seq 1 200)); for i in $(seq 1 24); do mkdir $d && cd $d || exit 1; done; echo deep > bottom'
  execFileSync('bash', ['-c', script], { cwd: join(site, 'data') })
  await using rig = await openBackupRig({ site, folder: join(folder.path, 'backups') })
  await rig.backUp()
  const [snapshot] = rig.backups.snapshots()
  expect(snapshot).toMatchObject({ partial: true, warnings: [expect.stringContaining('could not be read')] })
  rmSync(join(site, 'data', 'notes.txt'))
  const ended = await rig.restore(snapshot?.id)
  // What no snapshot could hold must not be lost by a restore.
  const bottom = () =>
    execFileSync('find', [folder.path, '-name', 'bottom'], { encoding: 'utf8' }).trim().split('\n').filter(Boolean)
  expect(bottom()).toHaveLength(1)
  if (ended.state === 'completed') expect(existsSync(join(site, 'data', 'notes.txt'))).toBe(true)
})

test('a sparse file of 5 GiB comes back byte for byte, and takes no more room than before', async () => {
  using folder = temporaryFolder()
  const site = mkdtempSync(join(folder.path, 'site-'))
  mkdirSync(join(site, 'data'))
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  const image = join(site, 'data', 'disk.img')
  const size = 5 * 1024 ** 3
  writeFileSync(image, noise(100_000))
  execFileSync('truncate', ['-s', String(size), image])
  execFileSync('dd', [`of=${image}`, 'bs=1', 'conv=notrunc', `seek=${size - 6}`], { input: 'at end' })
  await using rig = await openBackupRig({ site, folder: join(folder.path, 'backups') })
  await rig.backUp()
  expect(rig.backups.snapshots()[0]?.added).toBeLessThan(10_000_000)
  rmSync(image)
  expect(await rig.restore()).toMatchObject({ state: 'completed' })
  const { size: found, blocks } = statSync(image)
  expect(found).toBe(size)
  expect(blocks * 512).toBeLessThan(20_000_000)
  const part = (skip: number, count: number) =>
    execFileSync('dd', [`if=${image}`, 'bs=1', `skip=${skip}`, `count=${count}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  expect(part(0, 100_000).equals(noise(100_000))).toBe(true)
  expect(part(100_000, 5_000).equals(Buffer.alloc(5_000))).toBe(true)
  expect(part(size - 10, 10).toString()).toBe('\0\0\0\0at end')
}, 600_000)
