import { isAbsolute } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'

/** What may be asked of git. Pure. */

export interface RemoteRef {
  readonly commit: string
  /** `HEAD`, `refs/heads/main`, `refs/tags/v1`. */
  readonly name: string
}

export function gitProblem(repository: string, why: string, remedy: string): ConsoleError {
  return new ConsoleError(
    'release-git',
    `The release could not be fetched from ${withoutPassword(repository)}: ${why}.`,
    remedy,
    { params: { repository: withoutPassword(repository) } },
  )
}

/** How a repository is reached. Throws `release-git` for what runs commands, is not protected, or holds a password. */
export function checkedRepository(repository: string): 'https' | 'http' | 'ssh' | 'file' {
  const wanted = 'Give an https:// or ssh:// address, user@host:path, or the whole path of a folder.'
  const refuse = (why: string, remedy = wanted) => gitProblem(repository, why, remedy)
  if (repository.startsWith('-') || /[\s\p{Cc}]/u.test(repository)) throw refuse('it is no address of a repository')
  if (isAbsolute(repository)) return 'file'
  if (/^[a-z0-9+.-]+:\/\//i.test(repository)) {
    let url: URL
    try {
      url = new URL(repository)
    } catch {
      throw refuse('it is no address of a repository')
    }
    if (url.password !== '')
      throw refuse('its address holds a password, which would be recorded', 'Use a key (ssh) instead of a password.')
    if (url.hostname.startsWith('-') || url.username.startsWith('-')) throw refuse('it is no address of a repository')
    if (url.protocol === 'https:') return 'https'
    if (url.protocol === 'ssh:') return 'ssh'
    if (url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) return 'http'
    throw refuse(`the protocol ${url.protocol.slice(0, -1)} is not allowed`)
  }
  // The short form of ssh: nothing before the colon may be taken for an option or another protocol ("ext::sh -c").
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^:-]/.test(repository)) return 'ssh'
  throw refuse('it is no address of a repository that is allowed')
}

/** Throws `release-git` for what is no name of a branch, tag or commit (git check-ref-format). */
export function checkedRef(ref: string): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9_./+@-]{0,199}$/.test(ref) && !/\.\.|@\{|\/\/|\.lock$|[/.]$/.test(ref)) return
  throw new ConsoleError(
    'release-git',
    `"${ref.slice(0, 100)}" cannot be the name of a branch, a tag or a commit.`,
    'Name a branch (main), a tag (v1.4.2) or a commit (40 hex digits, or the first 7).',
    { params: { ref: ref.slice(0, 200) } },
  )
}

/** Which of the names that a repository has is meant. Throws `release-git` when none is, or two are. */
export function chosenRef(
  repository: string,
  ref: string,
  remote: readonly RemoteRef[],
): { readonly kind: 'ref'; readonly name: string } | { readonly kind: 'commit'; readonly commit: string } {
  const matches = [ref, `refs/tags/${ref}`, `refs/heads/${ref}`].flatMap((name) =>
    remote.filter((each) => each.name === name),
  )
  const [first, second] = matches
  if (first && second && first.commit !== second.commit)
    throw gitProblem(
      repository,
      `"${ref}" is both a tag and a branch, with different content`,
      `Say which: ${matches.map(({ name }) => name).join(' or ')}.`,
    )
  if (first) return { kind: 'ref', name: first.name }
  if (/^[0-9a-f]{7,40}$/.test(ref)) return { kind: 'commit', commit: ref }
  const names = remote
    .map(({ name }) => name.replace(/^refs\/(heads|tags)\//, ''))
    .filter((name) => !name.startsWith('refs/'))
  const near = names.slice(0, 8).join(', ')
  throw gitProblem(
    repository,
    `it has no branch or tag "${ref}"`,
    near ? `It has: ${near}${names.length > 8 ? ', …' : ''}.` : 'Push the branch or tag first.',
  )
}

function withoutPassword(repository: string): string {
  return repository.replace(/^([a-z0-9+.-]+:\/\/[^:@/]*):[^@/]*@/i, '$1:…@')
}
