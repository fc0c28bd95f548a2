import { hash } from 'node:crypto'
import { unpacked } from '../repository/blob-codec.ts'
import { readPack } from '../repository/pack-format.ts'
import type { Protection } from '../repository/protection.ts'
import { release } from '../repository/release.ts'
import type { PackContent } from './tasks.ts'

/** See {@link Tasks}. The answer is a sentence without its subject, "it ends too early". */
export function checkPack({ id, content, blobs }: PackContent, protection: Protection): string | null {
  const pack = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  if (hash('sha256', pack, 'hex') !== id) return 'its content has changed since it was written'
  const said = readPack(pack, protection.sealing)
  if (!said) return 'its directory cannot be read'
  for (const blob of blobs) {
    const stored = pack.subarray(blob.offset, blob.offset + blob.stored)
    if (stored.length < blob.stored) return 'it ends too early'
    try {
      release(unpacked({ ...blob, salt: said.salt }, stored, protection), pack)
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
  return null
}
