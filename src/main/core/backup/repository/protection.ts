import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { type BlobIdentity, gearTable, keyedIdentity, plainIdentity } from './identity.ts'
import { type KeyPurpose, packKey, purposeKey } from './keys/master-key.ts'
import { seal, sealInto, unseal } from './sealed.ts'

/** How a repository keeps its content to itself: ids and cuts that tell nothing, and everything sealed. */
export interface Protection {
  /** What it was made of, to make it again in another thread; null: nothing is sealed. Never leaves the process but by a pipe. */
  readonly key: RepositoryKeyBytes | null
  readonly identity: BlobIdentity
  /** The table that chunks are cut by. */
  readonly gear: Int32Array
  /** Null in a repository without encryption. */
  readonly sealing: Sealing | null
}

export interface RepositoryKeyBytes {
  /** The master key. */
  readonly master: Uint8Array
  /** The repository's id. */
  readonly repository: string
}

/** Seals what a repository stores. */
export interface Sealing {
  /** Seals for a pack with a new key, made of 32 random bytes. */
  newPack(): PackSealing
  /** Opens what lies in a pack; `salt` from its header or from the index. */
  pack(salt: Buffer): PackSealing
  /** Everything that is one small file: snapshots, marks, index files. */
  readonly records: BytesSealing
  /** Over what config.json says. */
  sign(text: string): Buffer
}

export interface BytesSealing {
  seal(what: Uint8Array, bytes: Uint8Array): Buffer
  /** Undefined when it is not what was sealed as `what`, or was changed. */
  open(what: Uint8Array, sealed: Uint8Array): Buffer | undefined
}

export interface PackSealing extends BytesSealing {
  readonly salt: Buffer
  /** Seals into memory that is there, from `at` on: what is sealed takes {@link sealOverhead} bytes more. */
  sealInto(target: Buffer, at: number, what: Uint8Array, bytes: Uint8Array): void
}

/** Keys of packs that are kept at hand: as many as packs are read from at a time, and some more. */
const packKeysKept = 256

/** Of a repository without encryption. */
export function noProtection(): Protection {
  return { key: null, identity: plainIdentity, gear: gearTable(null), sealing: null }
}

/** The same in another thread. */
export function protectionFrom(key: RepositoryKeyBytes | null): Protection {
  return key ? protectionOf(Buffer.from(key.master), key.repository) : noProtection()
}

/** Of an encrypted repository. */
export function protectionOf(master: Buffer, repository: string): Protection {
  const keyFor = (purpose: KeyPurpose) => purposeKey(master, repository, purpose)
  const packs = keyFor('packs')
  const config = keyFor('config')
  const packKeys = new Map<string, KeyObject>()
  const keyOf = (salt: Buffer): KeyObject => {
    const name = salt.toString('latin1')
    const known = packKeys.get(name)
    if (known) return known
    const key = createSecretKey(packKey(packs, salt))
    for (const oldest of packKeys.keys()) {
      if (packKeys.size < packKeysKept) break
      packKeys.delete(oldest)
    }
    packKeys.set(name, key)
    return key
  }
  return {
    key: { master, repository },
    identity: keyedIdentity(keyFor('ids')),
    gear: gearTable(keyFor('chunks')),
    sealing: {
      newPack: () => packSealing(keyOf, randomBytes(packSaltLength)),
      pack: (salt) => packSealing(keyOf, salt),
      records: bytesSealing(createSecretKey(keyFor('records'))),
      sign: (text) => createHmac('sha256', config).update(text).digest(),
    },
  }
}

/** Bytes in a pack's header that its key is made with. */
export const packSaltLength = 32

function packSealing(keyOf: (salt: Buffer) => KeyObject, salt: Buffer): PackSealing {
  const key = keyOf(salt)
  return {
    salt,
    ...bytesSealing(key),
    sealInto: (target, at, what, bytes) => sealInto(target, at, key, what, bytes),
  }
}

function bytesSealing(key: KeyObject): BytesSealing {
  return {
    seal: (what, bytes) => seal(key, what, bytes),
    open: (what, sealed) => unseal(key, what, sealed),
  }
}
