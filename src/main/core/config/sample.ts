import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { newId, syncFolder } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'

const packageSchema = z.object({ version: z.string().regex(/^\d+\.\d+\.\d+[\w.-]*$/) })

/**
 * Puts the sample site into `target` unless something is there, however damaged: that may be restored, or reset on purpose.
 * `shipped` is its folder in the resources: `site.yaml` and `release/` with a `package.json` that names the version. The site
 * appears whole or not at all: it is built beside and renamed.
 */
export async function installSampleSite(shipped: string, target: string): Promise<void> {
  await sweep(target)
  if (await exists(target)) return
  try {
    await putInPlace(shipped, target, 'only if nothing is there')
  } catch (error) {
    // Two consoles may begin on the same empty home: the one that is later finds the other's site there, which is as good.
    if (!(await exists(target))) throw error
  }
}

/** Puts the sample site back to how it came. It must be closed, its services stopped. Only a sample is ever replaced. */
export async function resetSampleSite(shipped: string, target: string): Promise<void> {
  if ((await exists(target)) && !(await isSampleSite(target))) {
    throw new ConsoleError(
      'not-a-sample',
      `${target} is not the sample site, so it is not reset.`,
      'Open the sample site, or move this folder away first.',
      { params: { target } },
    )
  }
  await sweep(target)
  await putInPlace(shipped, target, 'whatever is there')
}

/** Whether a site folder carries the mark of the sample. It says where the folder came from, not that it can be trusted. */
export async function isSampleSite(directory: string): Promise<boolean> {
  return exists(join(directory, '.wheelhouse', 'sample.json'))
}

async function putInPlace(
  shipped: string,
  target: string,
  over: 'only if nothing is there' | 'whatever is there',
): Promise<void> {
  const parent = dirname(target)
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const name = newId(besidePrefix(target))
  const fresh = join(parent, `${name}.new`)
  const old = join(parent, `${name}.old`)
  try {
    await build(shipped, fresh)
    if (over === 'whatever is there' && (await exists(target))) await rename(target, old)
    // A folder that has something in it is never replaced by a rename.
    await rename(fresh, target)
    await syncFolder(parent)
  } catch (error) {
    if (!(await exists(target)) && (await exists(old))) await rename(old, target)
    throw error
  } finally {
    await rm(fresh, { recursive: true, force: true })
    if (await exists(target)) await rm(old, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function build(shipped: string, folder: string): Promise<void> {
  const { version } = packageSchema.parse(JSON.parse(await readFile(join(shipped, 'release', 'package.json'), 'utf8')))
  const release = join('releases', version)
  await mkdir(folder, { mode: 0o700 })
  for (const name of ['releases', 'data', 'logs', '.wheelhouse']) await mkdir(join(folder, name), { mode: 0o700 })
  await cp(join(shipped, 'release'), join(folder, release), { recursive: true })
  await cp(join(shipped, 'site.yaml'), join(folder, 'site.yaml'))
  await makeWritable(folder) // shipped files may be read-only
  if (process.platform === 'win32') await writeFile(join(folder, 'current'), release)
  else await symlink(release, join(folder, 'current'))
  const mark = { sample: basename(shipped), version }
  await writeFile(join(folder, '.wheelhouse', 'sample.json'), `${JSON.stringify(mark, null, 2)}\n`, { mode: 0o600 })
}

async function makeWritable(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    await chmod(path, entry.isDirectory() ? 0o700 : 0o600)
  }
}

/** A build takes well under a second; one that was begun so long ago (milliseconds) belongs to nobody any more. */
const buildIsOldMs = 60_000

/**
 * Ends what an earlier run left half-way: an old build is thrown away, a site that was moved aside comes back. A young build
 * may be another console's that starts at the same moment.
 */
async function sweep(target: string): Promise<void> {
  const parent = dirname(target)
  const entries = await readdir(parent).catch(() => [])
  for (const entry of entries.filter((name) => name.startsWith(`${besidePrefix(target)}-`))) {
    const path = join(parent, entry)
    if (entry.endsWith('.new') && (await isYoung(path))) continue
    if (entry.endsWith('.old') && !(await exists(target))) await rename(path, target)
    else await rm(path, { recursive: true, force: true })
  }
}

/** Both times are the file system's own, or of the same machine; one in the future says nothing, and counts as old. */
async function isYoung(path: string): Promise<boolean> {
  const age = Date.now() - ((await lstat(path).catch(() => null))?.mtimeMs ?? 0)
  return age >= 0 && age < buildIsOldMs
}

function besidePrefix(target: string): string {
  return `.${basename(target)}`
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
