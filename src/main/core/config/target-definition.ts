import type { TargetEntry } from './target-schema.ts'

/** Where a repository is kept. Keys of S3 are references to secrets, never values. */
export type TargetDefinition =
  | { readonly kind: 'folder'; readonly folder: string }
  | {
      readonly kind: 'usb'
      readonly volume: { readonly uuid: string } | { readonly label: string }
      readonly path: string
    }
  | {
      readonly kind: 's3'
      readonly endpoint: string
      readonly bucket: string
      readonly prefix: string
      readonly region: string
      readonly pathStyle: boolean
      readonly ca: string | null
      readonly accessKey: string
      readonly secretKey: string
    }

/** Null for an entry that `target-rules.ts` refuses. */
export function toTarget({ folder, usb, s3 }: TargetEntry): TargetDefinition | null {
  if (folder !== undefined) return { kind: 'folder', folder }
  if (usb) {
    const { uuid, label, path } = usb
    if (uuid !== undefined) return { kind: 'usb', volume: { uuid }, path }
    return label === undefined ? null : { kind: 'usb', volume: { label }, path }
  }
  if (!s3) return null
  const prefix = (s3.prefix ?? '').replaceAll(/^\/+|\/+$/g, '')
  return {
    kind: 's3',
    endpoint: s3.endpoint,
    bucket: s3.bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    region: s3.region,
    pathStyle: s3['path-style'],
    ca: s3.ca ?? null,
    accessKey: s3['access-key'],
    secretKey: s3['secret-key'],
  }
}
