import { z } from 'zod'

/** A bucket, or the part of one below a prefix, of an S3-compatible server. Holds secrets: never logged. */
export const s3AddressSchema = z.object({
  kind: z.literal('s3'),
  /** `https://host[:port]`; plain http only for this machine itself. */
  endpoint: z.string(),
  bucket: z.string(),
  /** Empty, or ends in `/`. */
  prefix: z.string(),
  region: z.string(),
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  pathStyle: z.boolean(),
  /** PEM file with the authority that signed the server's certificate; null: those that the system trusts. */
  ca: z.string().nullable(),
  accessKey: z.string(),
  secretKey: z.string(),
})
export type S3Address = z.infer<typeof s3AddressSchema>

/** What people call it: bucket, prefix and server. */
export function s3Place({ endpoint, bucket, prefix }: Pick<S3Address, 'endpoint' | 'bucket' | 'prefix'>): string {
  const host = URL.canParse(endpoint) ? new URL(endpoint).host : endpoint
  return `the bucket ${bucket} at ${host}${prefix === '' ? '' : ` (${prefix.replace(/\/$/, '')})`}`
}
