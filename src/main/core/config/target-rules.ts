import { isAbsolute, normalize } from 'node:path'
import { isLoopback } from './loopback-address.ts'
import { type Fault, pathText } from './problem-report.ts'
import { isSecret } from './references.ts'
import type { SiteFile } from './site-schema.ts'
import { toTarget } from './target-definition.ts'
import type { TargetEntry } from './target-schema.ts'

type Path = readonly (string | number)[]

/** What the keys of `backup.target` and `backup.copies` must have to do with each other. */
export function targetFaults({ backup }: SiteFile): readonly Fault[] {
  const faults: Fault[] = []
  if (backup.target && backup.folder !== undefined) {
    const message = 'backup has both `folder` and `target`, so that it is not clear where snapshots go.'
    const remedy = 'Keep one; `folder: PATH` is short for `target: { folder: PATH }`.'
    faults.push({ code: 'key-not-for-kind', path: ['backup', 'folder'], at: 'key', message, remedy })
  }
  if (backup.target) faults.push(...entryFaults(backup.target, ['backup', 'target']))
  const taken = new Map<string, string>()
  const main = backup.target ?? (backup.folder === undefined ? null : { folder: backup.folder })
  if (main) taken.set(JSON.stringify(toTarget(main)), 'the backups themselves')
  for (const [id, entry] of Object.entries(backup.copies)) {
    const path = ['backup', 'copies', id]
    const found = entryFaults(entry, path)
    faults.push(...found)
    const place = JSON.stringify(toTarget(entry))
    const other = found.length === 0 ? taken.get(place) : undefined
    if (other !== undefined) {
      const message = `The copy ${id} goes to the same place as ${other}.`
      faults.push({ code: 'id-taken', path, at: 'key', message, remedy: 'Name another place, or remove it.' })
    }
    taken.set(place, `the copy ${id}`)
  }
  return faults
}

function entryFaults(entry: TargetEntry, path: Path): readonly Fault[] {
  const kinds = (['folder', 'usb', 's3'] as const).filter((kind) => entry[kind] !== undefined)
  if (kinds.length !== 1) {
    const message = `${pathText(path)} names ${kinds.length === 0 ? 'no place' : `${kinds.length} places`}, and it is one that is needed.`
    return [{ code: 'value-missing', path, message, remedy: 'Write one of `folder`, `usb` and `s3`.' }]
  }
  if (entry.folder !== undefined && !isAbsolute(entry.folder)) {
    const message = `${pathText([...path, 'folder'])} is “${entry.folder}”, which is not an absolute path.`
    return [
      {
        code: 'path-not-absolute',
        path: [...path, 'folder'],
        message,
        remedy: 'Write the whole path, such as `/mnt/backup/lab`.',
      },
    ]
  }
  return entry.usb ? usbFaults(entry.usb, [...path, 'usb']) : entry.s3 ? s3Faults(entry.s3, [...path, 's3']) : []
}

function usbFaults({ uuid, label, path: folder }: NonNullable<TargetEntry['usb']>, path: Path): readonly Fault[] {
  const faults: Fault[] = []
  if ((uuid === undefined) === (label === undefined)) {
    const message = `${pathText(path)} needs either \`uuid\` or \`label\`, to know the drive by.`
    faults.push({
      code: 'value-missing',
      path,
      message,
      remedy: 'Look both up with `lsblk -f`; the UUID is the safer one.',
    })
  }
  const way = normalize(folder)
  if (isAbsolute(folder) || way === '..' || way.startsWith('../') || way === '.') {
    const message = `${pathText([...path, 'path'])} is “${folder}”, which is no folder on the drive.`
    faults.push({
      code: 'path-escapes',
      path: [...path, 'path'],
      message,
      remedy: 'Write a path such as `backups/lab`.',
    })
  }
  return faults
}

function s3Faults(entry: NonNullable<TargetEntry['s3']>, path: Path): readonly Fault[] {
  const faults: Fault[] = []
  const address = URL.canParse(entry.endpoint) ? new URL(entry.endpoint) : null
  const plain = address?.protocol === 'http:'
  if (!address || (!plain && address.protocol !== 'https:') || address.username !== '' || address.password !== '') {
    const message = `${pathText([...path, 'endpoint'])} is not the address of a server.`
    faults.push({
      code: 'address-bad',
      path: [...path, 'endpoint'],
      message,
      remedy: 'Write it like `https://s3.example`.',
    })
  } else if (plain && !isLoopback(entry.endpoint)) {
    const message = `${pathText([...path, 'endpoint'])} is not encrypted, so that anybody on the way could read the backups.`
    faults.push({ code: 'address-bad', path: [...path, 'endpoint'], message, remedy: 'Use `https://`.' })
  }
  for (const key of ['access-key', 'secret-key'] as const) {
    if (isSecret(entry[key])) continue
    const message = `${pathText([...path, key])} stands in site.yaml, where it does not belong.`
    const remedy = `Write \`${key}: "\${secrets.NAME}"\` and put the value into the secrets file.`
    faults.push({ code: 'secret-in-file', path: [...path, key], message, remedy })
  }
  if (entry.ca !== undefined && !isAbsolute(entry.ca)) {
    const message = `${pathText([...path, 'ca'])} is not an absolute path.`
    faults.push({ code: 'path-not-absolute', path: [...path, 'ca'], message, remedy: 'Write the whole path.' })
  }
  return faults
}
