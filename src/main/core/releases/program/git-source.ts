import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'
import { stageTar } from './archive-source.ts'
import { checkedRef, checkedRepository, chosenRef, gitProblem, type RemoteRef } from './git-words.ts'
import type { WorkPorts } from './messages.ts'
import { releaseRefused } from './refused.ts'
import type { Staging } from './staging.ts'

export interface GitLimits {
  readonly bytes: number
  readonly withinMs: number
}

const chosen = 'refs/wheelhouse/chosen'
/** First line of what Git LFS puts in the place of a file. */
const lfsMark = Buffer.from('version https://git-lfs.github.com/spec/v1\n')

/**
 * Fetches exactly one commit of a repository with the system's git, and brings its files. Runs no hook, no filter, no command of the
 * repository; asks nobody for a password; follows no submodule. Resolves with the commit. Rejects with `release-git`.
 */
export async function stageGit(
  { repository, ref }: { readonly repository: string; readonly ref: string },
  { folder, staging, limits, ports }: { folder: string; staging: Staging; limits: GitLimits; ports: WorkPorts },
): Promise<{ readonly commit: string }> {
  const address = checkedRepository(repository)
  checkedRef(ref)
  if (address === 'file' && !(await lstat(repository).catch(() => null))?.isDirectory())
    throw gitProblem(repository, 'it does not exist, or is no folder', 'Name the repository by its whole path.')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const git = new Git(folder, { repository, address, limits, ports })
  await git.text(['init', '-q', '--bare', '--template=', folder])
  const remote = await git.remoteRefs(ref)
  const found = chosenRef(repository, ref, remote)
  if (found.kind === 'ref') await git.fetch([`+${found.name}:${chosen}`], true)
  else await fetchCommit(git, repository, found.commit)
  const commit = (await git.text(['rev-parse', '--verify', '--quiet', '--end-of-options', `${chosen}^{commit}`])).trim()
  await noteSubmodules(git, commit, staging)
  await git.archive(commit, (tar) => stageTar(tar, staging, (path, content) => withoutPointers(path, content)))
  return { commit }
}

/** Servers may refuse to give a commit by its name: then all branches and tags are fetched, and it is looked for there. */
async function fetchCommit(git: Git, repository: string, commit: string): Promise<void> {
  if (commit.length === 40) {
    try {
      await git.fetch([`+${commit}:${chosen}`], true)
      return
    } catch (error) {
      if (!(error instanceof ConsoleError) || error.problem.code !== 'release-git') throw error
    }
  }
  await git.fetch(['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'], false)
  const full = await git
    .text(['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`])
    .catch(() => null)
  if (full === null)
    throw gitProblem(
      repository,
      `no branch, tag or commit of it is called "${commit}"`,
      'Look at the repository with git log; name a branch, a tag, or a commit that a branch or tag leads to.',
    )
  await git.text(['update-ref', chosen, full.trim()])
}

async function noteSubmodules(git: Git, commit: string, staging: Staging): Promise<void> {
  const tree = await git.text(['ls-tree', '-r', '-z', commit])
  const modules = tree
    .split('\0')
    .flatMap((line) => (line.startsWith('160000 ') ? [line.slice(line.indexOf('\t') + 1)] : []))
  if (modules.length > 0)
    staging.note(`Submodules are not fetched, so these folders are empty: ${modules.slice(0, 10).join(', ')}.`)
}

async function* withoutPointers(path: string, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first = true
  for await (const piece of content) {
    if (first && piece.subarray(0, lfsMark.length).equals(lfsMark))
      throw releaseRefused(
        `"${path}" is only a pointer, its content is kept by Git LFS`,
        'Check the repository out with Git LFS, and deploy that folder or pack it with wheelhouse releases pack.',
      )
    first = false
    yield piece
  }
}

/** Nothing of the machine's or the user's configuration counts, and nothing is run but git and ssh. */
const settings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.attributesFile=/dev/null',
  'credential.helper=',
  'protocol.allow=never',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'transfer.fsckObjects=true',
  'gc.auto=0',
  'maintenance.auto=false',
  'tar.umask=0022',
].flatMap((setting) => ['-c', setting])

interface GitPorts {
  readonly repository: string
  /** The one protocol that is allowed. */
  readonly address: 'https' | 'http' | 'ssh' | 'file'
  readonly limits: GitLimits
  readonly ports: WorkPorts
}

/** The system's git in one bare repository, with one time limit for all that is asked of it. */
class Git {
  readonly #folder: string
  readonly #ports: GitPorts
  readonly #deadline: number

  constructor(folder: string, ports: GitPorts) {
    this.#folder = folder
    this.#ports = ports
    this.#deadline = performance.now() + ports.limits.withinMs
  }

  async remoteRefs(ref: string): Promise<readonly RemoteRef[]> {
    const listed = await this.text(['ls-remote', '--quiet', '--', this.#ports.repository])
    const refs = listed.split('\n').flatMap((line): RemoteRef[] => {
      const [commit = '', name = ''] = line.split('\t')
      return name === '' || name.endsWith('^{}') ? [] : [{ commit, name }]
    })
    if (refs.length === 0 && !/^[0-9a-f]{7,40}$/.test(ref))
      throw gitProblem(this.#ports.repository, 'it holds no commit yet', 'Commit and push the new code first.')
    return refs
  }

  async fetch(refs: readonly string[], shallow: boolean): Promise<void> {
    const { repository } = this.#ports
    const depth = shallow ? ['--depth=1'] : []
    await this.text([
      ...['fetch', '--progress', ...depth, '--no-tags', '--no-recurse-submodules', '--no-auto-gc'],
      ...['--no-write-fetch-head', '--', repository, ...refs],
    ])
  }

  /** What a command says. */
  async text(args: readonly string[]): Promise<string> {
    const parts: Buffer[] = []
    let length = 0
    await this.#run(args, async (output) => {
      for await (const piece of output) {
        length += piece.length
        if (length > mostText) throw gitProblem(this.#ports.repository, 'its list of names is too long', 'Clean it up.')
        parts.push(piece)
      }
    })
    return Buffer.concat(parts).toString('utf8')
  }

  archive(commit: string, read: (tar: AsyncIterable<Buffer>) => Promise<void>): Promise<void> {
    return this.#run(['archive', '--format=tar', commit], read)
  }

  async #run(args: readonly string[], read: (output: AsyncIterable<Buffer>) => Promise<void>): Promise<void> {
    const { repository, address } = this.#ports
    const allow = ['-c', `protocol.${address}.allow=always`]
    const child = spawn('git', [...settings, ...allow, ...args], {
      cwd: this.#folder,
      env: environment(this.#folder),
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    })
    let stopped: ConsoleError | undefined
    const stop = (problem: ConsoleError) => {
      stopped ??= problem
      child.kill('SIGTERM')
    }
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', (error) => reject(notStarted(error)))
      child.once('close', (code) => resolve(code))
    })
    ended.catch(() => {})
    const watch = setInterval(() => this.#watch(stop), 500)
    const onExit = () => child.kill('SIGKILL')
    process.once('exit', onExit)
    let told = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      told = (told + text).slice(-8_000)
      this.#tell(text)
    })
    try {
      let unread: unknown
      const reading = read(child.stdout).catch((error: unknown) => {
        unread = error ?? new Error('not read')
        child.kill('SIGTERM')
      })
      const [code] = await Promise.all([ended, reading])
      if (stopped) throw stopped
      if (unread) throw unread
      if (code !== 0) throw gitProblem(repository, lastWords(told), remedyOf(told))
    } finally {
      clearInterval(watch)
      process.off('exit', onExit)
      child.kill('SIGKILL')
    }
  }

  #watch(stop: (problem: ConsoleError) => void): void {
    const { repository, limits } = this.#ports
    if (performance.now() > this.#deadline)
      stop(
        gitProblem(
          repository,
          `git was not done within ${Math.round(limits.withinMs / 1_000)} s`,
          'Check the network and the address, then try again; or bring the code as an archive.',
        ),
      )
    if (packedBytes(this.#folder) > limits.bytes)
      stop(
        gitProblem(
          repository,
          `what git fetches is larger than ${limits.bytes} bytes`,
          'Bring the code as an archive.',
        ),
      )
  }

  #tell(text: string): void {
    for (const line of text.split(/[\r\n]+/)) {
      const [, percent] = /^Receiving objects:\s+(\d+)%/.exec(line) ?? []
      if (percent !== undefined) this.#ports.ports.progress(Number(percent), 100, 'entries')
      else if (line.trim() !== '' && !/\d+%/.test(line)) this.#ports.ports.log(`git: ${line.trim().slice(0, 500)}`)
    }
  }
}

const mostText = 32 * 1024 * 1024

function environment(folder: string): Record<string, string> {
  const found: Record<string, string> = {
    LC_ALL: 'C',
    GIT_DIR: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    SSH_ASKPASS: '',
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ConnectTimeout=20',
    GIT_NO_LAZY_FETCH: '1',
  }
  for (const name of ['PATH', 'HOME', 'SystemRoot', 'SSH_AUTH_SOCK', 'https_proxy', 'no_proxy']) {
    const value = process.env[name]
    if (value !== undefined) found[name] = value
  }
  return found
}

function packedBytes(folder: string): number {
  const packs = join(folder, 'objects', 'pack')
  try {
    return readdirSync(packs).reduce((sum, name) => sum + statSync(join(packs, name)).size, 0)
  } catch {
    return 0 // Not begun, or a file has just got its name.
  }
}

function lastWords(told: string): string {
  const lines = told.split(/[\r\n]+/).filter((line) => line.trim() !== '' && !/\d+%/.test(line))
  const fatal = lines.find((line) => line.startsWith('fatal: ')) ?? lines.at(-1) ?? 'git failed without a word'
  return fatal.replace(/^fatal: /, '').replace(/\.$/, '')
}

function remedyOf(told: string): string {
  if (/dubious ownership/.test(told))
    return 'The folder belongs to another user. Copy it, or run the console as its owner.'
  if (/Authentication|Permission denied|could not read Username|Host key/i.test(told))
    return 'Give the user of the console a key that the server knows (ssh), and connect once by hand so that the server is known.'
  if (/Could not resolve|unable to access|Connection|timed out/i.test(told))
    return 'Check the network and the address, then try again; or bring the code as an archive.'
  return 'Try the same with git clone by hand as the user of the console, then try again.'
}

function notStarted(error: Error): ConsoleError {
  const missing = 'code' in error && error.code === 'ENOENT'
  return new ConsoleError(
    'release-git',
    missing ? 'git is not installed on this machine.' : `git could not be started: ${error.message}.`,
    'Install git, or bring the code as a folder or an archive.',
    { cause: error },
  )
}
