import { hkdfSync, randomBytes } from 'node:crypto'

/** Length of a master key in bytes. */
export const masterKeyLength = 32

export function newMasterKey(): Buffer {
  return randomBytes(masterKeyLength)
}

/** What keys are derived for. No key serves two purposes. */
export type KeyPurpose = 'ids' | 'chunks' | 'packs' | 'records' | 'config'

/** The key of one purpose: HKDF-SHA-256 (RFC 5869) of the master key, the repository's id as salt. */
export function purposeKey(master: Buffer, repository: string, purpose: KeyPurpose): Buffer {
  return Buffer.from(hkdfSync('sha256', master, repository, `wheelhouse ${purpose}`, 32))
}

/** The key of one pack, from the key for packs and the 32 random bytes that stand in the pack's header. */
export function packKey(packs: Buffer, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', packs, salt, 'wheelhouse pack', 32))
}
