import { ConsoleError } from '#shared/problem.ts'
import { checkPack } from '../crew/check-pack.ts'
import type { Crew } from '../crew/crew.ts'
import type { BlobIndex } from './blob-index.ts'
import { keys } from './layout.ts'
import { asOwned } from './owned-bytes.ts'
import type { PackedBlob } from './pack-format.ts'
import type { Storage } from './storage.ts'

/** A pack to be read back, and the blobs in it that are to be unpacked and compared with their ids as well. */
export interface PackToCheck {
  readonly id: string
  /** Bytes, as the index has them. */
  readonly size: number
  readonly blobs: readonly PackedBlob[]
}

export interface PackCheckPorts {
  readonly storage: Storage
  readonly crew: Crew
  /** Told after each pack with its size. */
  readonly onPack?: (bytes: number) => void
}

/** A pack that is damaged or missing. `error`: `repository-damaged`. */
export interface PackFault {
  readonly pack: string
  readonly error: ConsoleError
}

/** Below this size a pack is checked at once: handing it to a thread that has to start first takes longer. */
const checkHere = 1024 * 1024
/** Memory that nearly every pack fits in. Bytes. */
const usualPack = 18 * 1024 * 1024

/**
 * Reads packs back whole, one after the other, and compares them with their names, which are their checksums; threads do that
 * for several at a time. Resolves with all that are damaged; rejects when the storage cannot be reached.
 */
export async function checkPacks(
  packs: Iterable<PackToCheck>,
  { storage, crew, onPack = () => {} }: PackCheckPorts,
): Promise<readonly PackFault[]> {
  const faults: PackFault[] = []
  const checking = new Set<Promise<void>>()
  // Memory that packs were read into and that came back: the next ones are read into it.
  const spare: ArrayBuffer[] = []
  const whatIsWrong = async (pack: PackToCheck, content: Uint8Array<ArrayBuffer>) => {
    const order = { id: pack.id, content, blobs: pack.blobs }
    if (content.length < checkHere) return checkPack(order, storage.protection)
    const { why, memory } = await crew.ask('check-pack', order, { transfer: [content.buffer] })
    spare.push(memory)
    return why
  }
  const check = async (pack: PackToCheck, content: Uint8Array<ArrayBuffer>) => {
    const why = await whatIsWrong(pack, content)
    if (why !== null) faults.push(faultOf(storage, pack.id, why))
    onPack(pack.size)
  }
  try {
    for (const pack of packs) {
      const length = pack.size + 1
      const content = await read(storage, pack, length > checkHere ? memoryFor(length, spare.pop()) : undefined)
      if (typeof content === 'string') {
        faults.push(faultOf(storage, pack.id, content))
        continue
      }
      const checked: Promise<void> = check(pack, content).finally(() => checking.delete(checked))
      checked.catch(() => {}) // Told when it is waited for.
      checking.add(checked)
      if (checking.size >= crew.size) await Promise.race(checking)
    }
  } finally {
    await Promise.allSettled(checking)
  }
  await Promise.all(checking)
  return faults
}

/** The packs that hold the blobs, each with those of them that lie in it. */
export function packsWith(index: BlobIndex, blobs: Iterable<string>): readonly PackToCheck[] {
  const found = new Map<string, PackedBlob[]>()
  for (const id of blobs) {
    const at = index.get(id)
    if (!at) continue
    const known = found.get(at.pack)
    if (known) known.push(at)
    else found.set(at.pack, [at])
  }
  const sizes = new Map(index.packs().map(({ id, size }) => [id, size]))
  return [...found].map(([id, wanted]) => ({ id, size: sizes.get(id) ?? 0, blobs: wanted }))
}

/** Memory to read a pack into; undefined for one that is larger than usual, which gets its own. */
function memoryFor(length: number, spare: ArrayBuffer | undefined): ArrayBuffer | undefined {
  if (spare && spare.byteLength >= length) return spare
  return length > usualPack ? undefined : Buffer.allocUnsafeSlow(usualPack).buffer
}

/** The whole file, or what is wrong with it. */
async function read(
  storage: Storage,
  { id, size }: PackToCheck,
  memory: ArrayBuffer | undefined,
): Promise<Uint8Array<ArrayBuffer> | string> {
  try {
    // One byte more than it should have tells whether something was added.
    const content = await storage.readRange(keys.pack(id), 0, size + 1, memory)
    if (!content) return 'it is not there'
    if (content.length !== size) return 'its content has changed since it was written'
    return content.buffer === memory ? new Uint8Array(memory, content.byteOffset, size) : asOwned(content)
  } catch (error) {
    if (error instanceof ConsoleError) throw error
    return error instanceof Error ? error.message : String(error)
  }
}

function faultOf(storage: Storage, pack: string, why: string): PackFault {
  const error = new ConsoleError(
    'repository-damaged',
    `The pack ${pack.slice(0, 12)} of the backups in ${storage.place} is damaged or missing: ${why}.`,
    'Use a snapshot that does not need it, bring the file back from a copy of the backup folder, and check the disk.',
    { params: { pack } },
  )
  return { pack, error }
}
