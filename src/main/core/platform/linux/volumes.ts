import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

/** A file system by what it carries itself, so that it is recognised in whichever socket it is plugged in. */
export type VolumeId = { readonly uuid: string } | { readonly label: string }

/** Finds volumes; a port, so that specs plug drives in and out. */
export interface Volumes {
  /**
   * `absent`: no such drive is there. `unmounted`: it is plugged in and not mounted. Else the folder in which its root is mounted.
   */
  find(id: VolumeId): VolumePlace
}
export type VolumePlace =
  | { readonly state: 'absent' | 'unmounted' }
  | { readonly state: 'mounted'; readonly path: string }

/** What is read of the system. */
export interface VolumeSources {
  /** Names in `/dev/disk/by-uuid` or `/dev/disk/by-label`, each with its device as `major:minor`. */
  devices(kind: 'uuid' | 'label'): ReadonlyMap<string, string>
  /** The text of `/proc/self/mountinfo`. */
  mounts(): string
}

/** The drives of this machine; on systems other than Linux every one is absent. */
export function systemVolumes(sources: VolumeSources = linuxSources): Volumes {
  return {
    find(id) {
      const [kind, wanted] = 'uuid' in id ? (['uuid', id.uuid] as const) : (['label', id.label] as const)
      const fits = (name: string) => (kind === 'uuid' ? name.toLowerCase() === wanted.toLowerCase() : name === wanted)
      const device = [...sources.devices(kind)].find(([name]) => fits(name))?.[1]
      if (device === undefined) return { state: 'absent' }
      const path = mountPointOf(sources.mounts(), device)
      return path === undefined ? { state: 'unmounted' } : { state: 'mounted', path }
    },
  }
}

/**
 * Where the root of a device is mounted for writing, by a table as in proc(5): `id parent major:minor root point options …`.
 * The last mount counts: it lies over those before.
 */
export function mountPointOf(table: string, device: string): string | undefined {
  let found: string | undefined
  for (const line of table.split('\n')) {
    const [, , id, root, point] = line.split(' ')
    if (id === device && root === '/' && point) found = unescaped(point, /\\([0-7]{3})/g, 8)
  }
  return found
}

const linuxSources: VolumeSources = {
  devices(kind) {
    const folder = `/dev/disk/by-${kind}`
    const found = new Map<string, string>()
    for (const name of namesIn(folder)) {
      try {
        const path = realpathSync(join(folder, name))
        const { rdev } = statSync(path)
        // A loop device or partition is named in /sys with its numbers; else they come from the device file.
        found.set(unescaped(name, /\\x([0-9a-f]{2})/g, 16), numbersOf(basename(path)) ?? `${rdev >> 8}:${rdev & 0xff}`)
      } catch {
        // Pulled out between the two looks.
      }
    }
    return found
  },
  mounts: () => readFileSync('/proc/self/mountinfo', 'utf8'),
}

function numbersOf(device: string): string | undefined {
  try {
    return readFileSync(`/sys/class/block/${device}/dev`, 'utf8').trim()
  } catch {
    return undefined
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Names as the system writes them: bytes that would be in the way are given by their numbers. */
function unescaped(text: string, pattern: RegExp, base: number): string {
  const parts: Buffer[] = []
  let at = 0
  for (const match of text.matchAll(pattern)) {
    parts.push(Buffer.from(text.slice(at, match.index)), Buffer.from([Number.parseInt(match[1] ?? '', base)]))
    at = match.index + match[0].length
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(at))]).toString('utf8')
}
