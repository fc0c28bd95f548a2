import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freeBytes } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import {
  assertFor,
  assertTrue,
  compareFiles,
  digestOf,
  type ManifestFiles,
  manifestName,
  mostManifestBytes,
  readManifest,
  sizeOf,
} from '../manifest.ts'
import { type ArchiveBytes, stageArchive, surveyArchive } from './archive-source.ts'
import { writeFileList } from './file-list.ts'
import { stageFolder, surveyFolder } from './folder-source.ts'
import { stageGit } from './git-source.ts'
import { leadsOut } from './links.ts'
import type { Input, Output, WorkPorts } from './messages.ts'
import { releaseRefused } from './refused.ts'
import { Staging } from './staging.ts'

const MiB = 1024 * 1024
/** Left free whatever happens: the site and the console go on writing. */
const reserve = 64 * MiB

/** Brings a source into the staging folder and checks it against its manifest. Whoever asked removes the folder when this rejects. */
export async function runPrepare(request: Input<'prepare'>, ports: WorkPorts): Promise<Output<'prepare'>> {
  const { source, staging: place, site, unproven } = request
  const tree = join(place, 'tree')
  await mkdir(tree, { recursive: true, mode: 0o700 })
  const room = ((await freeBytes(place)) ?? Number.MAX_SAFE_INTEGER) - reserve
  const limits = { ...request.limits, bytes: Math.min(request.limits.bytes, Math.max(0, room)) }
  const read: ArchiveBytes = { count: 0 }
  let copied = 0
  let expected = 0
  const staging = new Staging(tree, {
    limits,
    read: source.kind === 'archive' ? () => read.count : null,
    onFile: (bytes) => {
      copied += bytes
      if (source.kind === 'folder') ports.progress(copied, expected, 'bytes')
    },
  })
  let commit: string | null = null
  switch (source.kind) {
    case 'folder': {
      const surveyed = await surveyFolder(source.folder, site.directory, request.limits)
      expected = surveyed.bytes
      assertRoom(place, surveyed.bytes, room)
      await stageFolder(surveyed, staging)
      break
    }
    case 'archive': {
      const surveyed = await surveyArchive(source.file)
      assertRoom(place, surveyed.size, room)
      await stageArchive(surveyed, { staging, read, mostEntries: limits.entries, ports })
      break
    }
    case 'git': {
      const folder = join(place, 'git')
      const fetched = await stageGit(source, {
        folder,
        staging,
        limits: { bytes: limits.bytes, withinMs: limits.gitWithinMs },
        ports,
      })
      commit = fetched.commit
    }
  }
  const { files: found, notes } = staging.finish()
  const top = found.has(manifestName) ? '' : packedFolder(found)
  const checked = await check(join(tree, top), below(found, top), {
    site: site.id,
    needed: source.kind === 'archive' && !unproven,
  })
  if (checked.files.size === 0) throw releaseRefused('it holds no file', 'Name a source that holds the new code.')
  await writeFileList(join(place, 'files.json'), checked.files)
  const aside = top === '' ? [] : [`Everything lay in the folder ${top}, which was left out of the paths.`]
  return {
    ...checked,
    ...sizeOf(checked.files),
    digest: digestOf(checked.files),
    folder: join(tree, top),
    commit,
    notes: [...notes, ...aside, ...(checked.proof === 'computed' && source.kind === 'archive' ? [unprovenNote] : [])],
  }
}

const unprovenNote = 'The archive has no manifest: whether it is whole and unchanged was not checked.'

/** Checks what was brought against the manifest in it. The manifest itself counts as no file of the release. */
async function check(
  folder: string,
  files: ManifestFiles,
  { site, needed }: { readonly site: string; readonly needed: boolean },
) {
  const entry = files.get(manifestName)
  const others = new Map([...files].filter(([path]) => path !== manifestName))
  if (!entry) {
    if (needed) throw unprovenProblem()
    return { files: others, proof: 'computed' as const, version: null, schema: null }
  }
  if (!('size' in entry) || entry.size > mostManifestBytes)
    throw releaseRefused(`its ${manifestName} is no file, or larger than ${mostManifestBytes} bytes`)
  const manifest = readManifest(await readFile(join(folder, manifestName), 'utf8'))
  assertFor(manifest, site)
  assertTrue(compareFiles(manifest.files, others, process.platform !== 'win32'))
  return { files: others, proof: 'manifest' as const, version: manifest.version, schema: manifest.schema }
}

/** The one folder that everything lies in, where that holds the manifest: how archives are packed by hand. Else ''. */
function packedFolder(files: ManifestFiles): string {
  const tops = new Set([...files.keys()].map((path) => path.split('/')[0] ?? ''))
  const [top = ''] = tops
  return tops.size === 1 && files.has(`${top}/${manifestName}`) ? top : ''
}

function below(files: ManifestFiles, top: string): ManifestFiles {
  if (top === '') return files
  const kept = new Map([...files].map(([path, entry]) => [path.slice(top.length + 1), entry]))
  const links = new Map([...kept].flatMap(([path, entry]) => ('link' in entry ? [[path, entry.link] as const] : [])))
  for (const [path, target] of links) {
    const out = leadsOut(path, links)
    if (out) throw releaseRefused(`the link "${path}" leads to "${target}", ${out}`)
  }
  return kept
}

function unprovenProblem(): ConsoleError {
  return new ConsoleError(
    'release-unproven',
    `The archive holds no ${manifestName}, so nothing tells whether it is whole and unchanged. Nothing was changed.`,
    'Pack it with wheelhouse releases pack, or say that it may be used without proof (--without-proof).',
  )
}

function assertRoom(path: string, needed: number, room: number): void {
  if (needed <= room) return
  throw new ConsoleError(
    'disk-full',
    `The release needs ${needed + reserve} bytes on the disk of ${path}, and ${Math.max(0, room + reserve)} are free. Nothing was changed.`,
    'Free space on that disk, for example with wheelhouse releases remove, then try again.',
    { params: { path, needed: needed + reserve, free: room + reserve }, retryable: true },
  )
}
