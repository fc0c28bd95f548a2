import { z } from 'zod'
import { FolderStorage } from './folder-storage.ts'
import type { Storage } from './storage.ts'

/** Where the files of a repository lie and how to get there, as it is handed to a helper. May hold secrets: never logged. */
export const storageAddressSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('folder'), folder: z.string() }),
])
export type StorageAddress = z.infer<typeof storageAddressSchema>

/** Opens nothing yet: what is not there, or cannot be reached, is told by the first call. */
export function openStorage(address: StorageAddress): Storage {
  return new FolderStorage(address.folder)
}
