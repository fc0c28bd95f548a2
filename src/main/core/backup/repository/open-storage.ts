import { z } from 'zod'
import { FolderStorage } from './folder-storage.ts'
import { s3AddressSchema } from './s3/address.ts'
import { S3Storage } from './s3-storage.ts'
import type { Storage } from './storage.ts'

/** Where the files of a repository lie and how to get there, as it is handed to a helper. May hold secrets: never logged. */
export const storageAddressSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('folder'),
    folder: z.string(),
    /** For a drive that comes and goes: where it is mounted. Nothing is written while it is not. */
    mount: z.string().optional(),
  }),
  s3AddressSchema,
])
export type StorageAddress = z.infer<typeof storageAddressSchema>

/** Opens nothing yet: what is not there, or cannot be reached, is told by the first call. */
export function openStorage(address: StorageAddress): Storage {
  return address.kind === 's3' ? new S3Storage(address) : new FolderStorage(address.folder, { mount: address.mount })
}
