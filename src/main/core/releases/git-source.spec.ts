import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { checkedRef, checkedRepository, chosenRef } from './program/git-words.ts'
import { runPrepare } from './program/prepare-run.ts'
import { releaseLimits } from './releases.ts'

const ports = { progress: () => {}, log: () => {} }

function git(folder: string, ...args: readonly string[]): string {
  const env = {
    PATH: process.env.PATH ?? '',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@b',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@b',
  }
  return execFileSync('git', ['-c', 'init.defaultBranch=main', ...args], { cwd: folder, env, encoding: 'utf8' }).trim()
}

function repository(folder: string): { readonly path: string; readonly first: string; readonly last: string } {
  const path = join(folder, 'repo')
  mkdirSync(join(path, 'bin'), { recursive: true })
  git(path, 'init', '-q')
  writeFileSync(join(path, 'api.mjs'), 'one')
  writeFileSync(join(path, 'bin', 'run'), '#!', { mode: 0o755 })
  symlinkSync('bin/run', join(path, 'start'))
  git(path, 'add', '-A')
  git(path, 'commit', '-qm', 'one')
  const first = git(path, 'rev-parse', 'HEAD')
  git(path, 'tag', 'v1')
  writeFileSync(join(path, 'api.mjs'), 'two')
  git(path, 'commit', '-qam', 'two')
  git(path, 'tag', '-a', '-m', 'two', 'v2')
  return { path, first, last: git(path, 'rev-parse', 'HEAD') }
}

function bring(folder: string, repository: string, ref: string, limits: Partial<typeof releaseLimits> = {}) {
  const staging = join(folder, `staging-${readdirSync(folder).length}`)
  const site = { id: 'bench', directory: join(folder, 'site') }
  return runPrepare(
    {
      source: { kind: 'git', repository, ref },
      staging,
      site,
      unproven: false,
      limits: { ...releaseLimits, ...limits },
    },
    ports,
  )
}

let hasGit = true
beforeAll(() => {
  try {
    execFileSync('git', ['--version'])
  } catch {
    hasGit = false // Then the console says so; see git-source.ts.
  }
})

describe('a git repository as a source', () => {
  test('branch, tag, whole and short commit, bare and not, are exactly that commit', async ({ skip }) => {
    if (!hasGit) skip('git is not installed')
    using folder = temporaryFolder()
    const { path, first, last } = repository(folder.path)
    const read = async (ref: string, from = path) => {
      const { folder: tree, commit } = await bring(folder.path, from, ref)
      return [commit, readFileSync(join(tree, 'api.mjs'), 'utf8')]
    }
    expect(await read('main')).toEqual([last, 'two'])
    expect(await read('v1')).toEqual([first, 'one'])
    expect(await read('v2')).toEqual([last, 'two'])
    expect(await read('refs/tags/v1')).toEqual([first, 'one'])
    expect(await read(first)).toEqual([first, 'one'])
    expect(await read(first.slice(0, 10))).toEqual([first, 'one'])
    git(folder.path, 'clone', '-q', '--bare', path, 'bare.git')
    expect(await read('v1', join(folder.path, 'bare.git'))).toEqual([first, 'one'])
    const { folder: tree, files } = await bring(folder.path, path, 'main')
    expect(files).toBe(3)
    expect(readFileSync(join(tree, 'start'), 'utf8')).toBe('#!')
  })

  test('what is not there, or means two things, is told', async ({ skip }) => {
    if (!hasGit) skip('git is not installed')
    using folder = temporaryFolder()
    const { path } = repository(folder.path)
    await expect(bring(folder.path, path, 'v9')).rejects.toMatchObject({
      problem: { message: expect.stringContaining('no branch or tag "v9"'), remedy: expect.stringContaining('v1') },
    })
    await expect(bring(folder.path, path, 'abcdef1234')).rejects.toThrow('is called "abcdef1234"')
    await expect(bring(folder.path, join(folder.path, 'none'), 'main')).rejects.toThrow('does not exist')
    mkdirSync(join(folder.path, 'plain'))
    await expect(bring(folder.path, join(folder.path, 'plain'), 'main')).rejects.toThrow(
      'not appear to be a git repository',
    )
    git(path, 'branch', 'v1', 'main')
    await expect(bring(folder.path, path, 'v1')).rejects.toThrow('both a tag and a branch')
  })

  test('nothing of the repository runs, and nothing else is fetched', async ({ skip }) => {
    if (!hasGit) skip('git is not installed')
    using folder = temporaryFolder()
    const { path } = repository(folder.path)
    const ran = join(folder.path, 'ran')
    for (const hook of ['post-checkout', 'reference-transaction', 'pre-receive', 'post-upload-pack'])
      writeFileSync(join(path, '.git', 'hooks', hook), `#!/bin/sh\ntouch ${ran}\n`, { mode: 0o755 })
    git(path, 'config', 'uploadpack.packObjectsHook', `touch ${ran};`)
    git(path, 'config', 'filter.evil.smudge', `touch ${ran}`)
    git(path, 'config', 'tar.tar.command', `touch ${ran}`)
    writeFileSync(join(path, '.gitattributes'), '* filter=evil\n')
    writeFileSync(join(path, '.gitmodules'), `[submodule "m"]\n\tpath = m\n\turl = ext::sh -c "touch ${ran}"\n`)
    git(path, 'add', '-A')
    git(path, 'update-index', '--add', '--cacheinfo', `160000,${git(path, 'rev-parse', 'HEAD')},m`)
    git(path, 'commit', '-qm', 'evil')
    rmSync(ran, { force: true }) // A commit runs hooks by right.
    const { notes } = await bring(folder.path, path, 'main')
    expect(notes).toEqual(['Submodules are not fetched, so these folders are empty: m.'])
    expect(existsSync(ran)).toBe(false)
  })

  test('links that lead out, and files that Git LFS keeps, are refused', async ({ skip }) => {
    if (!hasGit) skip('git is not installed')
    using folder = temporaryFolder()
    const { path } = repository(folder.path)
    symlinkSync('../../etc', join(path, 'out'))
    git(path, 'add', '-A')
    git(path, 'commit', '-qm', 'out')
    await expect(bring(folder.path, path, 'main')).rejects.toThrow('the link "out" leads to "../../etc", outside of it')
    git(path, 'rm', '-q', 'out')
    writeFileSync(join(path, 'model.bin'), 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n')
    git(path, 'add', '-A')
    git(path, 'commit', '-qm', 'lfs')
    await expect(bring(folder.path, path, 'main')).rejects.toThrow('"model.bin" is only a pointer')
  })

  test.each([
    ['ext::sh -c touch% /tmp/x', /no address/],
    ['--upload-pack=touch /tmp/x', /no address/],
    ['file:///srv/repo', /protocol file is not allowed/],
    ['git://host/repo', /protocol git is not allowed/],
    ['http://host/repo', /protocol http is not allowed/],
    ['https://user:secret@host/repo', /holds a password/],
    ['ssh://-oProxyCommand=x/repo', /no address/],
    ['user@host:-x', /no address/],
    ['relative/path', /no address/],
  ])('the address %s is refused, and no password is told', (address, why) => {
    expect(() => checkedRepository(address)).toThrow(why)
    expect(() => checkedRepository(address)).not.toThrow('secret')
  })

  test('addresses and names that are usual are taken', () => {
    expect(
      ['https://h/r', 'ssh://git@h:22/r', 'git@h.example.org:lab/r.git', '/srv/r', 'http://127.0.0.1:3000/r'].map(
        checkedRepository,
      ),
    ).toEqual(['https', 'ssh', 'ssh', 'file', 'http'])
    for (const ref of ['main', 'v1.4.2', 'feature/x', '1a2b3c4', 'refs/heads/main', 'HEAD']) checkedRef(ref)
    for (const ref of ['-x', 'a..b', 'a@{1}', 'a b', 'x.lock', '', 'a:b', '/x'])
      expect(() => checkedRef(ref)).toThrow('cannot be the name')
    const both = [
      { commit: '1', name: 'refs/heads/x' },
      { commit: '1', name: 'refs/tags/x' },
    ]
    expect(chosenRef('r', 'x', both)).toEqual({ kind: 'ref', name: 'refs/tags/x' })
  })
})
