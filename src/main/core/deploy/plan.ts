import { createHash } from 'node:crypto'
import type { SiteDefinition } from '#core/config/index.ts'
import type { Release, ReleaseDifference } from '#core/releases/index.ts'
import type { DeployFinding, DeployPlan, TakeBack } from '#shared/contract/deploys.ts'
import type { ServiceView, SnapshotView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import { commandLineOf } from './deploy-view.ts'
import { findingsOf, freeOn, spareDisk } from './findings.ts'
import { lineDifference } from './line-difference.ts'
import type { DeployRecord } from './record.ts'
import { configWhenLeft, dataWhenLeft, type ReleaseConfig, releaseConfig } from './release-config.ts'
import { type Touched, touchedServices } from './touched.ts'
import type { DeployParts } from './types.ts'

/** What is planned, and what the run needs of it. */
export interface Planned {
  readonly plan: DeployPlan
  readonly config: ReleaseConfig
  readonly target: Release
  readonly touched: readonly Touched[]
  /** Of a roll-back that takes data back: the snapshot. */
  readonly dataFrom: string | null
}

export interface PlanWish {
  readonly kind: 'deploy' | 'roll-back'
  readonly release: string
  readonly takeBack: TakeBack
  /** The job that asks, which does not stand in its own way. */
  readonly asking: string | null
}

/** Works out a deploy or a roll-back; touches nothing. Rejects with `release-unknown`, and where there is no definition in use. */
export async function planDeploy(
  wish: PlanWish,
  parts: DeployParts,
  records: readonly DeployRecord[],
  signal: AbortSignal,
): Promise<Planned> {
  const { releases, site, state, jobs, runtime, clock } = parts
  const now = parts.definition()
  if (!now) {
    throw new ConsoleError(
      'site-not-loaded',
      'Nothing can be deployed while site.yaml is not in use.',
      'Put right what is shown about site.yaml, or look through the site and trust it.',
    )
  }
  const from = releases.active()
  const target = releases.get(wish.release)
  const back = wish.kind === 'roll-back'
  const config = await releaseConfig(
    target,
    site.directory,
    back ? configWhenLeft(target.id, records) : null,
    parts.config,
  )
  const difference = await releases.difference(from.id, target.id, { signal })
  const next = config.definition ?? now
  // The definition in use may be other than what the file says: what systemd runs, what was left out at the start.
  const same = config.before === config.after
  const read = same ? config.definition : (await parts.config.check(config.before, from.folder)).definition
  const left = back ? dataWhenLeft(target.id, records) : null
  const dataFrom = wish.takeBack === 'code-and-data' ? (left?.restorePoint ?? null) : null
  const changed = [...difference.added, ...difference.changed, ...difference.removed].map(({ path }) => path)
  const touched =
    dataFrom === null
      ? same || !read
        ? touchedServices(now, now, changed)
        : touchedServices(read, next, changed)
      : allOf(now)
  // In the file they are services like any other; in the definition in use they are somebody else's.
  const stopping = dataFrom === null ? touchedServices(read ?? now, next, changed) : allOf(read ?? now)
  const ofSystemd = unitsOf(stopping, state.slice('services').all())
  const own = {
    directory: site.directory,
    release: from.folder,
    runtime,
    clock,
    signal,
    onLine: () => {},
  }
  const space = {
    data: dataBytes(parts.backups.snapshots()),
    mayRestore: back ? dataFrom !== null : next.deploy.takeBack === 'code-and-data',
  }
  const findings = [
    ...releaseFindings(target, from, wish, left),
    ...(await findingsOf({
      directory: site.directory,
      now,
      config,
      services: state.slice('services').all(),
      running: jobs.running().filter(({ id }) => id !== wish.asking),
      space,
      ofSystemd,
      own,
    })),
  ]
  const refused = findings.filter((finding) => finding.state === 'failed')
  const downMs = touched.length === 0 ? 0 : expectedDown(records, touched)
  const plan: DeployPlan = {
    kind: wish.kind,
    release: target.id,
    from: from.id,
    sentence: sentenceOf(wish, target, touched, downMs),
    fingerprint: fingerprintOf([
      target.id,
      target.digest,
      from.id,
      config.after,
      wish.takeBack,
      touched.map(({ id }) => id),
    ]),
    services: touched.map(({ id, title, why }) => ({ id, title, why })),
    untouched: Object.keys(now.services).filter((id) => !touched.some((each) => each.id === id)),
    routes: routesTouched(now, touched),
    downMs,
    files: {
      added: difference.added.length,
      changed: difference.changed.length,
      removed: difference.removed.length,
      bytes: bytesOf(difference),
    },
    space: { needed: spareDisk + space.data, free: await freeOn(site.directory) },
    config: config.before === config.after ? null : { lines: [...lineDifference(config.before, config.after)] },
    trust: config.trust && { ...config.trust, commands: [...config.trust.commands] },
    findings,
    refusal: refused.length === 0 ? null : refused.map(({ title, sentence }) => `${title}: ${sentence}`).join(' '),
    tests: back ? [] : Object.keys(next.deploy.tests),
    install: back || !next.deploy.install ? null : next.deploy.install.run.join(' '),
    probationMs: back ? 0 : next.deploy.probationMs,
    losses: dataFrom === null ? [] : lossesOf(left, now.zone),
    dataPossible: left !== null,
    takeBack: back ? wish.takeBack : next.deploy.takeBack,
    commandLine: commandLineOf({ kind: wish.kind, release: target.id, takeBack: wish.takeBack }),
  }
  return { plan, config, target, touched, dataFrom }
}

/** Of services, those that a unit of systemd runs now. */
function unitsOf(
  touched: readonly Touched[],
  services: Readonly<Record<string, ServiceView>>,
): readonly { readonly id: string; readonly unit: string }[] {
  return touched.flatMap(({ id }) => {
    const unit = services[id]?.unit
    return unit?.holder === 'systemd' ? [{ id, unit: unit.name }] : []
  })
}

/** How large the site's data were when they were last kept; 0 before the first time. Newest first or not. */
function dataBytes(snapshots: readonly SnapshotView[]): number {
  const ofData = snapshots.filter(({ kind, partial }) => kind === 'data' && !partial)
  return ofData.reduce((newest, each) => (each.at > newest.at ? each : newest), { at: 0, bytes: 0 }).bytes
}

/** Data of everything are taken back, so everything stops. */
function allOf(now: SiteDefinition): readonly Touched[] {
  return Object.values(now.services).flatMap(({ id, title, kind, use }) =>
    kind === 'external' || use === 'broker' ? [] : [{ id, title, why: 'its data may be taken back' }],
  )
}

function releaseFindings(
  target: Release,
  from: Release,
  { kind, takeBack }: PlanWish,
  left: DeployRecord | null,
): readonly DeployFinding[] {
  const finding = { id: 'release', title: 'Release' }
  const findings: DeployFinding[] = []
  if (target.state === 'gone') {
    findings.push({ ...finding, state: 'failed', sentence: `${target.id} is not there any more. Bring it in again.` })
  } else if (target.id === from.id) {
    findings.push({ ...finding, state: 'failed', sentence: `${target.id} is in use already.` })
  } else if (target.verdict?.verdict === 'bad') {
    findings.push({
      ...finding,
      state: 'failed',
      sentence: `${target.id} proved bad and is not taken again: ${target.verdict.why} Deploy one that is put right.`,
    })
  } else findings.push({ ...finding, state: 'passed', sentence: `${target.id} is there.` })
  if (kind === 'roll-back' && takeBack === 'code-and-data' && left === null) {
    const sentence = `There is no restore point from when ${target.id} was last in use. Take the code back alone.`
    findings.push({ id: 'data', title: 'Data', state: 'failed', sentence })
  }
  return findings
}

function sentenceOf({ kind }: PlanWish, target: Release, touched: readonly Touched[], downMs: number | null): string {
  const what = kind === 'deploy' ? `Deploy ${nameOf(target)}` : `Go back to ${nameOf(target)}`
  if (touched.length === 0) return `${what}: nothing stops.`
  const names = touched.map(({ title }) => title)
  const who = names.length > 3 ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more` : names.join(', ')
  const time = downMs === null ? '' : ` for about ${(downMs / 1_000).toFixed(1)} s`
  return `${what}: ${who} ${names.length === 1 ? 'stops' : 'stop'}${time}.`
}

/** "1.4.2 (r7)", or the id where it has no version. */
export function nameOf({ id, version }: Release): string {
  if (id === 'site-folder') return 'the site folder'
  return version === null ? id : `${version} (${id})`
}

/** From the newest deploys that stopped any of the same: the middle of at most five. */
function expectedDown(records: readonly DeployRecord[], touched: readonly Touched[]): number | null {
  const ids = new Set(touched.map(({ id }) => id))
  const times = records
    .flatMap(({ downMs, services }) => (downMs !== null && services.some(({ id }) => ids.has(id)) ? [downMs] : []))
    .slice(0, 5)
    .sort((one, other) => one - other)
  return times[Math.floor(times.length / 2)] ?? null
}

function routesTouched({ routes, services }: SiteDefinition, touched: readonly Touched[]) {
  const broker = touched.find(({ id }) => services[id]?.use === 'broker')
  if (!broker) return []
  return Object.values(routes).map(({ id }) => ({ id, why: `${broker.title} stops` }))
}

function bytesOf({ added, changed }: ReleaseDifference): number {
  return [...added, ...changed].reduce((sum, { bytes }) => sum + bytes, 0)
}

function lossesOf(left: DeployRecord | null, zone: string): string[] {
  if (!left) return []
  const at = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: zone }).format(
    left.at,
  )
  return [
    `Everything that was written into the site’s data since ${at} is taken out of use. A restore point of it is kept, and Undo of the restore brings it back.`,
  ]
}

function fingerprintOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24)
}

/** For a refusal that a person reads. */
export function refusal(plan: DeployPlan): ConsoleError {
  return new ConsoleError(
    'deploy-refused',
    `Nothing was touched. ${plan.refusal}`,
    'Put that right, then try again; the plan shows when it has changed.',
    { params: { release: plan.release }, retryable: true },
  )
}
