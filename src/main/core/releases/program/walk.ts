import { createHash } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { lstat, open, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type ManifestEntry, type ManifestFiles, manifestName } from '../manifest.ts'

const pieceSize = 512 * 1024

export interface Walked {
  /** Below the root, with `/`. */
  readonly path: string
  readonly stat: Stats
}

/** Everything below a folder, folders before what is in them, by name. Links are told and not followed. */
export async function* walk(root: string, without: ReadonlySet<string> = new Set()): AsyncGenerator<Walked> {
  const left = ['']
  for (let folder = left.pop(); folder !== undefined; folder = left.pop()) {
    const names = (await readdir(join(root, folder))).sort()
    for (const name of names) {
      if (folder === '' && without.has(name)) continue
      const path = folder === '' ? name : `${folder}/${name}`
      const stat = await lstat(join(root, path))
      yield { path, stat }
      if (stat.isDirectory()) left.push(path)
    }
  }
}

/** The content of a file, never through a link, a piece at a time. */
export async function* contentOf(path: string): AsyncGenerator<Buffer> {
  await using handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  for (;;) {
    const piece = Buffer.allocUnsafe(pieceSize)
    const { bytesRead } = await handle.read(piece, 0, pieceSize, null)
    if (bytesRead === 0) return
    yield piece.subarray(0, bytesRead)
  }
}

/** What a folder holds, as a manifest says it; the manifest itself, pipes and sockets are left out. */
export async function readFolder(
  root: string,
  { without, onFile = () => {} }: { readonly without: readonly string[]; readonly onFile?: (bytes: number) => void },
): Promise<ManifestFiles> {
  const files = new Map<string, ManifestEntry>()
  for await (const { path, stat } of walk(root, new Set([...without, manifestName]))) {
    if (stat.isSymbolicLink()) files.set(path, { link: await readlink(join(root, path)) })
    if (!stat.isFile()) continue
    const hash = createHash('sha256')
    let size = 0
    for await (const piece of contentOf(join(root, path))) {
      hash.update(piece)
      size += piece.length
    }
    files.set(path, { sha256: hash.digest('hex'), size, mode: (stat.mode & 0o777).toString(8).padStart(3, '0') })
    onFile(size)
  }
  return files
}
