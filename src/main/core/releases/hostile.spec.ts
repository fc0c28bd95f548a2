import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { encodeTarHeader, padding, type TarEntry, tarEnd } from '#core/archive/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { type ZipPart, zipOf } from '../../../../test/support/zip-writer.ts'
import type { Input } from './program/messages.ts'
import { runPrepare } from './program/prepare-run.ts'
import { releaseLimits } from './releases.ts'

const ports = { progress: () => {}, log: () => {} }

type Source = Input<'prepare'>['source']

/** Brings a source into a folder beside it, with bounds that are reached soon. */
async function prepare(
  folder: string,
  source: Source,
  { limits = {}, unproven = true }: { limits?: Partial<Input<'prepare'>['limits']>; unproven?: boolean } = {},
) {
  const staging = join(folder, `staging-${readdirSync(folder).length}`)
  const site = { id: 'bench', directory: join(folder, 'site') }
  return runPrepare({ source, staging, site, unproven, limits: { ...releaseLimits, ...limits } }, ports)
}

type Entry = Partial<Omit<TarEntry, 'path' | 'target'>> & {
  path: string | Buffer
  target?: string
  content?: Buffer
}

function tarOf(...entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(({ path, target = '', content = Buffer.alloc(0), ...more }) => [
    encodeTarHeader({
      path: Buffer.from(path),
      type: 'file',
      mode: 0o644,
      uid: 0,
      gid: 0,
      user: '',
      group: '',
      size: content.length,
      mtime: 0n,
      target: Buffer.from(target),
      ...more,
    }),
    content,
    padding(content.length),
  ])
  return Buffer.concat([...parts, tarEnd])
}

/** The header of an entry of another kind, its checksum right. */
function special(flag: string): Buffer {
  const tar = Buffer.from(tarOf({ path: 'odd' }))
  const pax = tar.subarray(0, 512).toString('latin1', 156, 157) === 'x' ? 1_024 : 0
  const block = tar.subarray(pax, pax + 512)
  block.write(flag, 156, 'latin1')
  block.fill(0x20, 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return tar
}

const good = { path: 'api.mjs', content: Buffer.from('x') }
const link = (path: string, target: string): Entry => ({ path, type: 'link', target })

describe('a hostile .tar.gz', () => {
  const cases: readonly (readonly [string, Buffer, RegExp])[] = [
    ['a path that leads out', tarOf({ ...good, path: '../x' }), /"\.\.\/x" leads out/],
    ['a path that leads out on its way', tarOf({ ...good, path: 'a/../../x' }), /leads out/],
    ['an absolute path', tarOf({ ...good, path: '/etc/x' }), /absolute path/],
    ['a drive of Windows', tarOf({ ...good, path: 'C:/x' }), /absolute path/],
    ['a backslash', tarOf({ ...good, path: '..\\x' }), /backslash/],
    ['a link that leads out', tarOf(good, link('l', '../site')), /"l" leads to "\.\.\/site", outside of it/],
    ['an absolute link', tarOf(good, link('l', '/etc/passwd')), /an absolute path/],
    ['a link that leads out by another', tarOf(link('d/e/l', '../..'), link('x', 'd/e/l/../y')), /outside of it/],
    ['links in a circle', tarOf(link('a', 'b'), link('b', 'a')), /in a circle/],
    ['a file below a link', tarOf(link('l', 'd'), { ...good, path: 'l/x' }), /something lies in it/],
    ['a link in the place of a folder', tarOf({ ...good, path: 'd/x' }, link('d', 'e')), /there twice/],
    ['a second name of a file outside', tarOf({ path: 'h', type: 'hard', target: '../../site/x' }), /leads out/],
    ['a second name of nothing', tarOf({ path: 'h', type: 'hard', target: 'none' }), /which is no file of it/],
    ['an entry that is there twice', tarOf(good, good), /there twice/],
    ['names that differ in A and a', tarOf(good, { ...good, path: 'API.mjs' }), /same name/],
    ['folders that differ in A and a', tarOf({ ...good, path: 'a/x' }, { ...good, path: 'A/y' }), /same name/],
    ['names that differ in é and é', tarOf({ ...good, path: '\u00e9' }, { ...good, path: 'e\u0301' }), /same name/],
    ['a character device', special('3'), /a device/],
    ['a block device', special('4'), /a device/],
    ['a named pipe', special('6'), /a named pipe/],
    ['an unknown kind', special('V'), /of a kind that is not known/],
    ['a name that is no text', tarOf({ ...good, path: Buffer.from([0x61, 0xff]) }), /cannot be shown/],
    ['a control character in a name', tarOf({ ...good, path: 'a\u001b[31m' }), /cannot be shown/],
    ['a name that is too long', tarOf({ ...good, path: 'n'.repeat(256) }), /longer than 255/],
    ['a path that is too long', tarOf({ ...good, path: `${'d'.repeat(200)}/`.repeat(6) }), /longer than 1024/],
    ['too many folders in each other', tarOf({ ...good, path: `${'d/'.repeat(65)}x` }), /more than 64 folders/],
    ['nothing at all', tarOf({ path: 'empty', type: 'folder' }), /holds no file/],
  ]
  test.each(cases)('with %s is refused, and nothing of it lies anywhere else', async (_, tar, why) => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'r.tar.gz')
    mkdirSync(join(folder.path, 'site'))
    writeFileSync(file, gzipSync(tar))
    await expect(prepare(folder.path, { kind: 'archive', file })).rejects.toThrow(why)
    expect(readdirSync(join(folder.path, 'site'))).toEqual([])
    expect(readdirSync(folder.path).filter((name) => !/^(site|staging-\d|r\.tar\.gz)$/.test(name))).toEqual([])
  })

  test('that unpacks to far more than it is, to too much, or to too many entries, is refused', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'r.tar.gz')
    writeFileSync(file, gzipSync(tarOf({ path: 'zeros', content: Buffer.alloc(8_000_000) })))
    const bring = (limits: Partial<Input<'prepare'>['limits']>) =>
      prepare(folder.path, { kind: 'archive', file }, { limits })
    await expect(bring({ ratioFrom: 1_000_000 })).rejects.toThrow('more than 200 times its size')
    await expect(bring({ bytes: 1_000_000 })).rejects.toThrow('unpacks to more than the 1000000 bytes')
    writeFileSync(file, gzipSync(tarOf(...['a', 'b', 'c'].map((path) => ({ ...good, path })))))
    await expect(bring({ entries: 2 })).rejects.toThrow('more than 2 files and folders')
  })

  test('that ends in the middle, is damaged, or is something else, is told as such', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'r.tar.gz')
    const whole = gzipSync(tarOf(good, { path: 'b', content: Buffer.from('y'.repeat(5_000)) }))
    for (const [bytes, why] of [
      [whole.subarray(0, whole.length - 30), /cannot be read/],
      [gzipSync(Buffer.from('no tar'.repeat(200))), /no tar archive/],
      [Buffer.from('text'), /neither a .tar.gz nor a .zip/],
    ] as const) {
      writeFileSync(file, bytes)
      await expect(prepare(folder.path, { kind: 'archive', file })).rejects.toThrow(why)
    }
    await expect(prepare(folder.path, { kind: 'archive', file: join(folder.path, 'none') })).rejects.toThrow(
      'does not exist',
    )
  })

  test('keeps what is harmless: rights without set-uid, links that stay inside, second names, a root called "."', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'r.tgz')
    const tar = tarOf(
      { path: '.', type: 'folder' },
      { path: './bin/run', content: Buffer.from('#!'), mode: 0o4777 },
      link('l', 'bin/run'),
      { path: 'again', type: 'hard', target: 'bin/run', mode: 0o755 },
      { ...good, path: 'aux.mjs' },
    )
    writeFileSync(file, gzipSync(tar))
    const brought = await prepare(folder.path, { kind: 'archive', file })
    expect(brought.notes.join('\n')).toMatch(/set-uid[\s\S]*Windows could not have "aux.mjs"[\s\S]*no manifest/)
    const modes = JSON.parse(readFileSync(join(brought.folder, '..', 'files.json'), 'utf8')).files
    expect(modes['bin/run'].mode).toBe('755')
    expect(modes.l).toEqual({ link: 'bin/run' })
    expect(readFileSync(join(brought.folder, 'l'), 'utf8')).toBe('#!')
    expect(readFileSync(join(brought.folder, 'again'), 'utf8')).toBe('#!')
  })
})

describe('a hostile .zip', () => {
  const part = { name: 'api.mjs', content: Buffer.from('x'.repeat(500)) }
  const cases: readonly (readonly [string, readonly ZipPart[], RegExp])[] = [
    ['a path that leads out', [{ ...part, name: '../x' }], /leads out/],
    ['an absolute path', [{ ...part, name: '/x' }], /absolute path/],
    ['a link that leads out', [{ name: 'l', content: Buffer.from('../site'), mode: 0o120777 }], /outside of it/],
    [
      'a link with an endless target',
      [{ name: 'l', content: Buffer.alloc(5_000, 97), mode: 0o120777 }],
      /target of 5000/,
    ],
    ['a device', [{ ...part, mode: 0o020644 }], /no file, folder or link/],
    ['an encrypted entry', [{ ...part, flags: 0x801 }], /is encrypted/],
    ['a way of packing that is not known', [{ ...part, method: 93 }], /method 93/],
    ['an entry larger than it says', [{ ...part, said: { size: 100 } }], /larger than it says/],
    ['an entry smaller than it says', [{ ...part, said: { size: 900 } }], /does not match/],
    ['content that does not match its checksum', [{ ...part, said: { crc: 1 } }], /does not match its checksum/],
    ['another name in another place', [{ ...part, said: { localName: 'evil.js' } }], /is called "evil.js"/],
    ['entries that share their bytes', [part, { ...part, name: 'apj.mjs', said: { at: 0 } }], /overlaps/],
    ['a folder that is a file', [{ name: 'd/', content: Buffer.from('x'), mode: 0o100644 }], /no file, folder or link/],
  ]
  test.each(cases)('with %s is refused', async (_, parts, why) => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'r.zip')
    writeFileSync(file, zipOf(parts))
    await expect(prepare(folder.path, { kind: 'archive', file })).rejects.toThrow(why)
  })

  test('of many parts that would be large is refused by its size and its ratio', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'r.zip')
    writeFileSync(file, zipOf([{ name: 'zeros', content: Buffer.alloc(8_000_000) }]))
    const bring = (limits: Partial<Input<'prepare'>['limits']>) =>
      prepare(folder.path, { kind: 'archive', file }, { limits })
    await expect(bring({ ratioFrom: 1_000_000 })).rejects.toThrow('more than 200 times')
    await expect(bring({ bytes: 1_000_000 })).rejects.toThrow('unpacks to more than')
    writeFileSync(file, zipOf([part, { ...part, name: 'b' }, { ...part, name: 'c' }]))
    await expect(bring({ entries: 2 })).rejects.toThrow('more than 2')
  })

  test('with all that is usual is brought: stored and deflated, folders, links, sizes in 64 bits, a comment', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'r.zip')
    const parts: readonly ZipPart[] = [
      { name: 'bin/', mode: 0o040755 },
      { name: 'bin/run', content: Buffer.from('#!'), mode: 0o100755, method: 0 },
      { name: 'l', content: Buffer.from('bin/run'), mode: 0o120777 },
      { name: 'größe.txt', content: Buffer.from('wide'), said: { wide: true } },
      { name: 'dos.txt', content: Buffer.from('dos'), mode: null },
    ]
    writeFileSync(file, zipOf(parts, 'made by hand'))
    const { folder: tree, files } = await prepare(folder.path, { kind: 'archive', file })
    expect(files).toBe(4)
    expect(readFileSync(join(tree, 'l'), 'utf8')).toBe('#!')
    expect(readFileSync(join(tree, 'größe.txt'), 'utf8')).toBe('wide')
    writeFileSync(file, zipOf(parts).subarray(0, -40))
    await expect(prepare(folder.path, { kind: 'archive', file })).rejects.toThrow('no zip file, or its end is missing')
  })
})

describe('a folder as a source', () => {
  test('that is or holds the site, is empty, or is none, is refused', async () => {
    using folder = temporaryFolder()
    const site = join(folder.path, 'site')
    mkdirSync(join(site, '.wheelhouse', 'x'), { recursive: true })
    writeFileSync(join(site, '.wheelhouse', 'x', 'f'), '')
    mkdirSync(join(folder.path, 'empty'))
    const bring = (of: string) => prepare(folder.path, { kind: 'folder', folder: of })
    await expect(bring(site)).rejects.toThrow('is or holds the site itself')
    await expect(bring(folder.path)).rejects.toThrow('is or holds the site itself')
    await expect(bring(join(site, '.wheelhouse', 'x'))).rejects.toThrow('belongs to the console')
    await expect(bring(join(folder.path, 'empty'))).rejects.toThrow('is empty')
    await expect(bring(join(folder.path, 'none'))).rejects.toThrow('does not exist')
  })

  test('with a socket, or a link out, is refused; version control is left out', async () => {
    using folder = temporaryFolder()
    const source = join(folder.path, 'new')
    mkdirSync(join(source, '.git'), { recursive: true })
    mkdirSync(join(folder.path, 'site'))
    writeFileSync(join(source, '.git', 'config'), 'secret')
    writeFileSync(join(source, 'api.mjs'), 'x')
    chmodSync(join(source, 'api.mjs'), 0o600)
    const bring = () => prepare(folder.path, { kind: 'folder', folder: source })
    const brought = await bring()
    expect(readdirSync(brought.folder)).toEqual(['api.mjs'])
    expect(brought.notes).toEqual(['The folder .git was left out.'])
    symlinkSync('/etc/passwd', join(source, 'l'))
    await expect(bring()).rejects.toThrow('the link "l" leads to "/etc/passwd"')
    const server = createServer().listen(join(source, 's'))
    try {
      await new Promise((resolve) => server.once('listening', resolve))
      await expect(bring()).rejects.toThrow('"s" is a device, a pipe or a socket')
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
    expect(existsSync(join(source, 's'))).toBe(false)
  })
})
