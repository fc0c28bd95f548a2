import { join } from 'node:path'
import { referencesIn, type Secrets, type TargetDefinition } from '#core/config/index.ts'
import type { Volumes } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { StorageAddress } from '../repository/open-storage.ts'
import { s3Place } from '../repository/s3/address.ts'

export interface TargetPorts {
  readonly secrets: Secrets
  readonly volumes: Volumes
}

/**
 * How to get to a target now. Throws `target-absent` while a drive is not plugged in, which is a state and no failure, and the
 * errors of {@link Secrets}.
 */
export function addressOf(target: TargetDefinition, { secrets, volumes }: TargetPorts): StorageAddress {
  switch (target.kind) {
    case 'folder':
      return { kind: 'folder', folder: target.folder }
    case 'usb': {
      const found = volumes.find(target.volume)
      if (found.state !== 'mounted') throw absent(target, found.state)
      return { kind: 'folder', folder: join(found.path, target.path), mount: found.path }
    }
    case 's3': {
      const { kind, endpoint, bucket, prefix, region, pathStyle, ca } = target
      const [accessKey, secretKey] = [secretOf(target.accessKey, secrets), secretOf(target.secretKey, secrets)]
      return { kind, endpoint, bucket, prefix, region, pathStyle, ca, accessKey, secretKey }
    }
  }
}

/** What people call it; says nothing of where a drive is mounted at the moment. */
export function placeOf(target: TargetDefinition): string {
  switch (target.kind) {
    case 'folder':
      return target.folder
    case 'usb':
      return `${target.path} on ${driveOf(target)}`
    case 's3':
      return s3Place(target)
  }
}

/** Names it in the records of the console; the same as long as it is the same place. */
export function keyOf(target: TargetDefinition): string {
  if (target.kind === 'folder') return target.folder
  if (target.kind === 's3') return `s3:${target.endpoint}/${target.bucket}/${target.prefix}`
  const { volume } = target
  return `usb:${'uuid' in volume ? volume.uuid.toLowerCase() : volume.label}/${target.path}`
}

/** Whether an error only says that a drive is not plugged in. */
export function isAbsence(error: unknown): boolean {
  return error instanceof ConsoleError && error.problem.code === 'target-absent'
}

function driveOf({ volume }: Extract<TargetDefinition, { kind: 'usb' }>): string {
  return 'uuid' in volume ? `the drive ${volume.uuid}` : `the drive “${volume.label}”`
}

function absent(target: Extract<TargetDefinition, { kind: 'usb' }>, state: 'absent' | 'unmounted'): ConsoleError {
  const drive = driveOf(target)
  const message =
    state === 'absent'
      ? `${drive.charAt(0).toUpperCase()}${drive.slice(1)} is not plugged in.`
      : `${drive.charAt(0).toUpperCase()}${drive.slice(1)} is plugged in and not mounted.`
  const remedy =
    state === 'absent'
      ? 'Plug it in; what is due is made up for.'
      : 'Open it in the file manager, or mount it; what is due is made up for.'
  return new ConsoleError('target-absent', message, remedy, { params: { state }, retryable: true })
}

function secretOf(text: string, secrets: Secrets): string {
  const [reference] = referencesIn(text)
  if (reference?.target.to === 'secret') return secrets(reference.target.secret)
  throw new ConsoleError(
    'secret-in-file',
    'A key of backup.target is no reference to a secret.',
    'Write it as a reference to a secret, and put the value into the secrets file.',
  )
}
