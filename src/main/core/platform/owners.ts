import { readFileSync } from 'node:fs'

/** Names of users and groups, so that an owner can be found again on a machine where the numbers differ. */
export interface Owners {
  userName(uid: number): string | null
  groupName(gid: number): string | null
  userId(name: string): number | null
  groupId(name: string): number | null
  /** Whether this process may give files to others. */
  readonly mayGive: boolean
}

/** The users and groups of this machine's own files; none where there are no such files. */
export function systemOwners(): Owners {
  const users = namesIn('/etc/passwd')
  const groups = namesIn('/etc/group')
  return {
    userName: (uid) => users.names.get(uid) ?? null,
    groupName: (gid) => groups.names.get(gid) ?? null,
    userId: (name) => users.ids.get(name) ?? null,
    groupId: (name) => groups.ids.get(name) ?? null,
    mayGive: process.getuid?.() === 0,
  }
}

function namesIn(file: string) {
  const names = new Map<number, string>()
  const ids = new Map<string, number>()
  for (const line of readLines(file)) {
    const [name, , id] = line.split(':')
    if (!name || !id || !/^\d+$/.test(id)) continue
    if (!names.has(Number(id))) names.set(Number(id), name)
    ids.set(name, Number(id))
  }
  return { names, ids }
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}
