import { readFile, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { freemem } from 'node:os'
import { resolve } from 'node:path'
import type { DeployDefinition, SiteDefinition } from '#core/config/index.ts'
import type { DeployFinding } from '#shared/contract/deploys.ts'
import type { JobView, ServiceView } from '#shared/contract/state.ts'
import { sizeInWords } from '#shared/size-words.ts'
import { type OwnCommandParts, runOwnCommand } from './own-command.ts'
import type { ReleaseConfig } from './release-config.ts'
import { siteHolder } from './site-holder.ts'

export interface FindingsGround {
  readonly directory: string
  readonly now: SiteDefinition
  readonly config: ReleaseConfig
  readonly services: Readonly<Record<string, ServiceView>>
  readonly running: readonly JobView[]
  readonly space: DeploySpace
  /** Services that would have to stop, and that a unit of systemd runs: ids with the names of the units. */
  readonly ofSystemd: readonly { readonly id: string; readonly unit: string }[]
  /** How the site's own command is run, with the code that is in use now. */
  readonly own: Omit<OwnCommandParts, 'definition'>
}

/** What a deploy writes. Bytes. */
export interface DeploySpace {
  /** The site's data, as the newest snapshot had them: what the restore point may add at most. */
  readonly data: number
  /** Whether the data may be put back, for which they are written beside those in use. */
  readonly mayRestore: boolean
}

const MB = 1024 * 1024
/** What must stay free for the site to go on. Bytes. */
export const spareDisk = 64 * MB
const leastMemory = 32 * MB
const littleMemory = 128 * MB
const busyWithinMs = 15_000

/** What speaks for and against a deploy now. Asks the system and the site; changes nothing. */
export async function findingsOf(ground: FindingsGround): Promise<readonly DeployFinding[]> {
  const { checks } = ground.now.deploy
  const on = (name: DeployDefinition['checks'][number]) => checks.includes(name)
  const found = await Promise.all([
    on('disk') ? diskFinding(ground) : null,
    on('memory') ? memoryFinding() : null,
    configFinding(ground.config),
    on('ports') ? portsFinding(ground) : null,
    on('services') ? servicesFinding(ground) : null,
    unitsFinding(ground),
    on('busy') ? busyFinding(ground) : null,
    jobsFinding(ground.running),
  ])
  return found.filter((finding) => finding !== null)
}

export async function freeOn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

async function diskFinding({ directory, space }: FindingsGround): Promise<DeployFinding> {
  const free = await freeOn(directory)
  return { id: 'disk', title: 'Disk', ...judgeSpace(free, space) }
}

/**
 * What must be free besides the release, which is there. A restore point holds what changed since the last, and may lie on another disk: that
 * is a warning. Data that may be put back are written beside those in use: without room for them there would be no way back.
 */
export function judgeSpace(free: number, { data, mayRestore }: DeploySpace): Pick<DeployFinding, 'state' | 'sentence'> {
  const needed = spareDisk + data
  const has = `${sizeInWords(free)} are free`
  if (free >= needed) return { state: 'passed', sentence: `${has}.` }
  const makeRoom = 'Make room, for example with `wheelhouse prune`.'
  if (mayRestore || free < spareDisk) {
    const wanted = mayRestore ? needed : spareDisk
    return { state: 'failed', sentence: `${has}, and ${sizeInWords(wanted)} are needed. ${makeRoom}` }
  }
  return {
    state: 'warning',
    sentence: `${has}. A snapshot of all data would need ${sizeInWords(data)}; one of what changed since the last needs less. ${makeRoom}`,
  }
}

function memoryFinding(): DeployFinding {
  const free = freemem()
  const state = free < leastMemory ? 'failed' : free < littleMemory ? 'warning' : 'passed'
  return { id: 'memory', title: 'Memory', state, sentence: `${sizeInWords(free)} are available.` }
}

function configFinding({ checked, before, after }: ReleaseConfig): DeployFinding {
  const finding = { id: 'config', title: 'Configuration' }
  if (checked.valid) {
    return {
      ...finding,
      state: 'passed',
      sentence: before === after ? 'site.yaml fits the release.' : 'The site.yaml of the release is valid.',
    }
  }
  const [first] = checked.problems
  const where = first?.line ? `line ${first.line}: ` : ''
  const more = checked.problems.length > 1 ? ` ${checked.problems.length - 1} more mistakes.` : ''
  return { ...finding, state: 'failed', sentence: `${where}${first?.message ?? 'site.yaml cannot be used.'}${more}` }
}

/** Ports that the release wants and no running service has: somebody else must not have them. */
async function portsFinding({ now, config, services }: FindingsGround): Promise<DeployFinding> {
  const held = new Set<number>()
  for (const { id, ports } of Object.values(now.services)) {
    if (holdsPorts(services[id])) for (const port of Object.values(ports)) held.add(port)
  }
  // A site.yaml that was edited and is not in use yet does not come into use by a deploy that leaves it alone.
  const started = config.before === config.after ? now : (config.definition ?? now)
  const wanted = Object.values(started.services).flatMap(({ id, kind, bind, ports, enabled }) =>
    kind === 'external' || !enabled ? [] : Object.values(ports).map((port) => ({ id, port, bind })),
  )
  const taken: string[] = []
  for (const { id, port, bind } of wanted) {
    if (!held.has(port) && !(await isFree(port, bind))) taken.push(`${port} of ${id}`)
  }
  const sentence =
    taken.length === 0
      ? 'No port is taken by another program.'
      : `Taken by another program: ${taken.join(', ')}. End that program, or change the port.`
  return { id: 'ports', title: 'Ports', state: taken.length === 0 ? 'passed' : 'failed', sentence }
}

/**
 * Whether what listens on its ports is the service itself. One that waits, or that is to be started again after a pause, has no process:
 * who listens there may be the very reason.
 */
function holdsPorts(service: ServiceView | undefined): boolean {
  return service !== undefined && ['starting', 'running', 'stopping', 'external'].includes(service.state)
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    // Without the right to look it cannot be told; the start of the service will.
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}

function servicesFinding({ services }: FindingsGround): DeployFinding {
  const unwell = Object.values(services).filter(({ wanted, health }) => wanted && health === 'unhealthy')
  if (unwell.length === 0) return { id: 'services', title: 'Services', state: 'passed', sentence: 'None is unhealthy.' }
  const names = unwell.map(({ title }) => title).join(', ')
  return {
    id: 'services',
    title: 'Services',
    state: 'warning',
    sentence: `Unhealthy already: ${names}. After the deploy they must be healthy, or the console goes back.`,
  }
}

function unitsFinding({ ofSystemd }: FindingsGround): DeployFinding | null {
  if (ofSystemd.length === 0) return null
  const names = ofSystemd.map(({ id, unit }) => `${id} (${unit})`).join(', ')
  const [first] = ofSystemd
  return {
    id: 'units',
    title: 'Units of systemd',
    state: 'failed',
    sentence: `Run by systemd, and would have to stop: ${names}. The console does not stop what systemd runs. Hand it over first (\`wheelhouse adopt ${first?.id}\`), or say with \`code\` in site.yaml which files it runs on.`,
  }
}

async function busyFinding({ directory, now, own }: FindingsGround): Promise<DeployFinding> {
  const finding = { id: 'busy', title: 'The site’s own word' }
  const { busy } = now.deploy
  if (busy === null) return { ...finding, state: 'passed', sentence: 'The site does not say when it is busy.' }
  if ('file' in busy) {
    const file = resolve(directory, busy.file)
    if (!(await stat(file).catch(() => null))) return { ...finding, state: 'passed', sentence: 'It is not busy.' }
    const text = await readFile(file, 'utf8').catch(() => '')
    const said = text.split('\n')[0]?.trim().slice(0, 300)
    return { ...finding, state: 'failed', sentence: `Not now: ${said || `the file ${busy.file} is there.`}` }
  }
  let last = ''
  const result = await runOwnCommand(
    { run: busy.run, withinMs: busyWithinMs },
    {
      ...own,
      definition: now,
      onLine: (line) => {
        if (line.trim() !== '') last = line.trim()
      },
    },
  )
  if (result.ok) return { ...finding, state: 'passed', sentence: 'It is not busy.' }
  return { ...finding, state: 'failed', sentence: `Not now: ${last || `its command ${result.sentence}.`}` }
}

/** What else has the site in its hands. */
function jobsFinding(running: readonly JobView[]): DeployFinding {
  const holder = siteHolder(running)
  if (!holder)
    return { id: 'jobs', title: 'Other work', state: 'passed', sentence: 'Nothing else is at work on the site.' }
  return {
    id: 'jobs',
    title: 'Other work',
    state: 'failed',
    sentence: `"${holder.title}" is under way; wait until it has ended.`,
  }
}
