import { chmod, lstat, open, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncDisk, syncFolder } from '#core/platform/index.ts'
import { differenceOf } from '../difference.ts'
import { compareFiles, digestOf, sizeOf } from '../manifest.ts'
import { readFileList, writeFileList } from './file-list.ts'
import type { FilesOf, Input, Output, WorkPorts } from './messages.ts'
import { readFolder, walk } from './walk.ts'

/** Reads a folder and writes down what it holds; both survive a power cut then. */
export async function runSeal({ folder, without, list }: Input<'seal'>, ports: WorkPorts): Promise<Output<'seal'>> {
  const files = await readFolder(folder, { without, onFile: counting(ports, 0) })
  if (!(await syncDisk(folder))) await syncEach(folder)
  await writeFileList(list, files)
  return { ...sizeOf(files), digest: digestOf(files) }
}

export async function runVerify(
  { folder, without, list }: Input<'verify'>,
  ports: WorkPorts,
): Promise<Output<'verify'>> {
  const said = await readFileList(list)
  const found = await readFolder(folder, { without, onFile: counting(ports, said.size) })
  const { missing, changed, extra } = compareFiles(said, found, process.platform !== 'win32')
  return { files: said.size, faults: { missing: [...missing], changed: [...changed], extra: [...extra] } }
}

export async function runDiffer({ from, to }: Input<'differ'>, ports: WorkPorts): Promise<Output<'differ'>> {
  const read = (of: FilesOf) =>
    'list' in of ? readFileList(of.list) : readFolder(of.folder, { without: of.without, onFile: counting(ports, 0) })
  const { added, removed, changed, unchanged } = differenceOf(await read(from), await read(to))
  return { added: [...added], removed: [...removed], changed: [...changed], unchanged }
}

/** Removes trees, also those whose folders nobody may write into. Links are removed, not followed. */
export async function runRemove({ paths }: Input<'remove'>): Promise<Output<'remove'>> {
  for (const path of paths) {
    try {
      await rm(path, { recursive: true, force: true })
    } catch {
      await makeWritable(path)
      await rm(path, { recursive: true, force: true })
    }
    await syncFolder(dirname(path)).catch(() => {}) // What comes back after a power cut is removed by the next opening.
  }
  return {}
}

async function makeWritable(folder: string): Promise<void> {
  const stat = await lstat(folder)
  if (!stat.isDirectory()) return
  await chmod(folder, 0o700)
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await makeWritable(join(folder, entry.name))
}

async function syncEach(folder: string): Promise<void> {
  for await (const { path, stat } of walk(folder)) {
    if (stat.isDirectory()) await syncFolder(join(folder, path))
    if (!stat.isFile()) continue
    await using handle = await open(join(folder, path), 'r')
    await handle.sync()
  }
  await syncFolder(folder)
}

function counting(ports: WorkPorts, total: number): () => void {
  let done = 0
  return () => ports.progress(++done, Math.max(total, total === 0 ? 0 : done), 'files')
}
