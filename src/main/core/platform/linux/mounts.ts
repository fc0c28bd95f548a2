import { readFileSync } from 'node:fs'

/**
 * The mount that a path is on, by its text: the longest mount point that it begins with. The mount itself is not asked, so that one that does
 * not answer keeps nobody waiting. `/` where that cannot be told.
 */
export function mountOf(path: string): string {
  let table: string
  try {
    table = readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return '/'
  }
  return mountIn(table, path)
}

/** The same, of a table of mounts as `/proc/<pid>/mountinfo` writes it: the mount point is the fifth field, spaces as `\040`. */
export function mountIn(table: string, path: string): string {
  let found = '/'
  for (const line of table.split('\n')) {
    const point = line
      .split(' ')[4]
      ?.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    if (point && point.length > found.length && (path === point || path.startsWith(`${point}/`))) found = point
  }
  return found
}
