import { execFileSync } from 'node:child_process'

/** One entry of a folder tree as `find` and `sha256sum` see it: independent of the code under test. */
export interface ListedEntry {
  readonly type: string
  readonly mode: string
  readonly owner: string
  /** Nanoseconds. Zero for the top folder, whose time changes with `.wheelhouse`. */
  readonly mtime: bigint
  readonly size: string
  readonly links: string
  readonly target: string
  readonly content: string
}

const format = '%y\\t%m\\t%U:%G\\t%T@\\t%s\\t%n\\t%l\\t%p\\0'

/** Lists everything below a folder but `.wheelhouse`; names are bytes, one character each. */
export function listTree(folder: string): Map<string, ListedEntry> {
  const run = (command: string, args: readonly string[], input?: Buffer) =>
    execFileSync(command, args, { cwd: folder, encoding: 'latin1', input, maxBuffer: 1 << 28 })
  const prune = ['.', '-path', './.wheelhouse', '-prune', '-o']
  const sums = new Map<string, string>()
  const files = Buffer.from(run('find', [...prune, '-type', 'f', '-print0']), 'latin1')
  if (files.length > 0) {
    for (const line of run('xargs', ['-0', 'sha256sum', '-z', '--'], files).split('\0')) {
      if (line) sums.set(line.slice(66), line.slice(0, 64))
    }
  }
  const entries = new Map<string, ListedEntry>()
  for (const line of run('find', [...prune, '-printf', format]).split('\0')) {
    if (!line) continue
    const [type = '', mode = '', owner = '', time = '', size = '', links = '', target = '', ...path] = line.split('\t')
    const name = path.join('\t')
    const [seconds = '0', fraction = ''] = time.split('.')
    const mtime = name === '.' ? 0n : BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
    const folderLike = type === 'd'
    entries.set(name, {
      type,
      mode,
      owner,
      mtime,
      size: folderLike ? '' : size,
      links: folderLike ? '' : links,
      target,
      content: sums.get(name) ?? '',
    })
  }
  return entries
}

/** Every difference between two listings in words; times may differ by a microsecond, which is all that can be set. */
export function differences(expected: Map<string, ListedEntry>, found: Map<string, ListedEntry>): string[] {
  const result: string[] = []
  for (const name of new Set([...expected.keys(), ...found.keys()])) {
    const a = expected.get(name)
    const b = found.get(name)
    if (!a || !b) {
      result.push(`${JSON.stringify(name)} ${a ? 'is missing' : 'is too much'}`)
      continue
    }
    for (const field of ['type', 'mode', 'owner', 'size', 'links', 'target', 'content'] as const) {
      if (a[field] !== b[field]) result.push(`${JSON.stringify(name)}: ${field} ${b[field]} instead of ${a[field]}`)
    }
    const apart = a.mtime - b.mtime
    if (apart > 1000n || apart < -1000n) result.push(`${JSON.stringify(name)}: mtime ${b.mtime} instead of ${a.mtime}`)
  }
  return result.sort()
}
