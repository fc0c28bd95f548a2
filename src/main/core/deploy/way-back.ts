import type { JobContext } from '#core/jobs/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { deployCards, stuckCard } from './cards.ts'
import { deployEvents } from './event-kinds.ts'
import type { DeployJournal } from './journal.ts'
import { restoreData } from './restore-data.ts'
import { putSiteFile } from './site-file.ts'
import type { DeployParts } from './types.ts'
import { checksNow, startsWithin, untilWell } from './wellness.ts'

/** The steps of its job, where it has one of its own. */
export const wayBackSteps = [
  { id: 'stop', title: 'Stop what was changed' },
  { id: 'switch', title: 'Switch to the release from before' },
  { id: 'start', title: 'Start the services' },
  { id: 'verify', title: 'Verify that the site is well' },
] as const

/** How its steps are told, where they are a job's own; as parts of one step they are not. */
export type StepTeller = <T>(id: (typeof wayBackSteps)[number]['id'], run: () => Promise<T>) => Promise<T>

/**
 * Goes back to the release from before, and verifies that as well. Each part can be repeated, so that one that was cut off is simply gone
 * again. Resolves also when it failed: the record is `stuck` then, a card says what to do, and what ran before has been started on what
 * lies there. Not called off by anything but the closing of the console, after which the next opening goes on.
 */
export async function runWayBack(
  journal: DeployJournal,
  parts: DeployParts,
  context: JobContext,
  closing: AbortSignal,
  tell: StepTeller = (_, run) => run(),
): Promise<void> {
  const { crashPoints } = parts
  const before = parts.coordinator.emergencyStops
  const own = new Set([context.operation, journal.record.id, journal.record.job])
  try {
    await tell('stop', () => stopTouched(journal, parts, context))
    crashPoints.reach('deploy.back-after-stop')
    await tell('switch', async () => {
      await filesBack(journal, parts, context)
      crashPoints.reach('deploy.back-after-switch')
      await dataBack(journal, parts, context, own)
    })
    crashPoints.reach('deploy.back-before-start')
    await tell('start', () => startBefore(journal, parts, context, before, own))
    await tell('verify', () => verifyBack(journal, parts, { signal: closing, emergencyStops: before, own }))
  } catch (error) {
    if (closing.aborted) throw error
    await startBefore(journal, parts, context, before, own).catch(() => {})
    await beStuck(journal, parts, context, error)
    return
  }
  await settled(journal, parts, context)
}

async function stopTouched(journal: DeployJournal, { coordinator }: DeployParts, context: JobContext): Promise<void> {
  const { services, wanted } = journal.record
  const ids = services.map(({ id }) => id)
  const running = coordinator.wanted().filter((id) => ids.includes(id))
  if (running.length === 0) return
  // It may have been cut off before it had written down what ran.
  await journal.note({ wanted: [...new Set([...wanted, ...running])] })
  const { failed } = await coordinator.stop(running, { cause: context.cause, operation: context.operation })
  if (failed.length === 0) return
  throw new ConsoleError(
    'services-not-stopped',
    `Services could not be stopped: ${failed.map(({ service, reason }) => `${service} (${reason})`).join(', ')}.`,
    'End them by hand, then try again.',
  )
}

/** The link and the site's file as they were; nothing where they are so already. */
export async function filesBack(
  { record }: Pick<DeployJournal, 'record'>,
  { releases, site, config }: Pick<DeployParts, 'releases' | 'site' | 'config'>,
  { cause, operation, log }: Pick<JobContext, 'cause' | 'log'> & { readonly operation: string | null },
  reload = true,
): Promise<void> {
  await releases.switchTo(record.from, { cause, operation })
  if (record.config === null) return
  const there = await putSiteFile(site.directory, record.config.before)
  if (there !== null && there !== record.config.after && there !== record.config.before) {
    log('site.yaml had been edited since the deploy; what it held goes into the log:')
    for (const line of there.split('\n').slice(0, 1_000)) log(`  ${line}`)
  }
  if (reload) await config.reload(cause)
}

async function dataBack(
  journal: DeployJournal,
  parts: DeployParts,
  context: JobContext,
  own: Set<string>,
): Promise<void> {
  const { takeBack, restorePoint, tookBack } = journal.record
  if (takeBack === 'code' || restorePoint === null || tookBack !== null) return
  own.add(await restoreData(restorePoint, parts, context))
  // Not a second time, should this be gone again: what is written from now on stays.
  await journal.note({ tookBack: 'code-and-data' })
}

async function startBefore(
  { record }: DeployJournal,
  { coordinator, definition, clock }: DeployParts,
  context: JobContext,
  emergencyStops: number,
  own: ReadonlySet<string>,
): Promise<void> {
  if (coordinator.emergencyStops !== emergencyStops) return
  const services = definition()?.services ?? {}
  const wanted = record.wanted.filter((id) => Object.hasOwn(services, id) && mayStart(id, own, coordinator))
  const inUse = definition()
  if (wanted.length === 0 || !inUse) return
  const late = new AbortController()
  const withinMs = startsWithin(inUse, wanted)
  using _limit = clock.after(withinMs, () => late.abort(new Error('the services did not start in time')))
  const { cause, operation } = context
  const { failed } = await coordinator.start(wanted, { cause, operation, signal: late.signal })
  const lost = failed.filter(({ service }) => !services[service]?.optional)
  if (lost.length === 0) return
  throw new ConsoleError(
    'services-not-there',
    `Services did not come back: ${lost.map(({ service, reason }) => `${service}: ${reason}`).join(' ')}`,
    'Open the service to see its log and the reason; put that right and try again.',
  )
}

/** What somebody else has ordered to stop stays stopped. */
function mayStart(id: string, own: ReadonlySet<string>, coordinator: DeployParts['coordinator']): boolean {
  const order = coordinator.stopOrder(id)
  return order === null || own.has(order)
}

interface VerifyBack {
  readonly signal: AbortSignal
  readonly emergencyStops: number
  readonly own: ReadonlySet<string>
}

async function verifyBack(
  { record }: DeployJournal,
  { clock, state, coordinator, definition, verification }: DeployParts,
  { signal, emergencyStops, own }: VerifyBack,
): Promise<void> {
  const inUse = definition()
  if (!inUse) return
  const letGo = (id: string) => coordinator.emergencyStops !== emergencyStops || !mayStart(id, own, coordinator)
  const unwell = await untilWell(record.wanted, startsWithin(inUse, record.wanted), { clock, state, letGo, signal })
  const now = record.passed.length > 0 ? await checksNow(verification, state) : []
  const worse = now.filter(({ id, state: found }) => found === 'failed' && record.passed.includes(id))
  const reasons = [...unwell, ...worse.map(({ title, sentence }) => `${title}: ${sentence}`)]
  if (reasons.length === 0) return
  throw new ConsoleError('not-well-after', reasons.join(' '), 'Open the services to see their logs.')
}

/** The way back has been gone. */
async function settled(journal: DeployJournal, parts: DeployParts, { cause, operation }: JobContext): Promise<void> {
  const { releases, events, attention, clock } = parts
  const { record } = journal
  if (record.standing.bad && record.kind === 'deploy') {
    const why = record.failure ?? 'It failed.'
    await releases
      .mark(record.release, 'bad', why, { cause, operation })
      .catch((error: unknown) => parts.logger.error('A release could not be marked bad.', { error: String(error) }))
  }
  const what = record.tookBack === 'code-and-data' ? 'code and data are' : 'its code is'
  const bad =
    record.standing.bad && record.kind === 'deploy'
      ? ` ${record.release} is marked bad and will not be taken again.`
      : ''
  const why = record.failure === null ? '' : ` ${record.failure}`
  const message = `${record.title} was taken back: ${what} as before, on ${record.from}, and the site is well.${bad}${why}`
  const event = events.emit({
    kind: deployEvents.rolledBack,
    subject: 'site',
    severity: record.failure === null ? 'notice' : 'error',
    message,
    cause,
    operation,
    data: { deploy: record.id, release: record.release, from: record.from },
  })
  await journal.note({
    ...journal.fact({ type: 'done' }),
    endedAt: clock.wall(),
    sentence: message,
    tookBack: record.tookBack ?? 'code',
    probation: null,
  })
  attention.clear(stuckCard(record.id), event.cause)
  if (record.failure === null) return
  // The title says already that it was taken back; the reason is what a person looks for first.
  const after = `${what.replace(/^./, (first) => first.toUpperCase())} as before, on ${record.from}, and the site is well.${bad}`
  attention.raise(deployCards.failed(record, `${record.failure} ${after}`, event.cause))
}

async function beStuck(
  journal: DeployJournal,
  { events, attention }: DeployParts,
  { cause, operation }: JobContext,
  error: unknown,
): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error)
  const { record } = journal
  const message = `${record.title} failed, and it could not be taken back either: ${reason} The services that ran before were started on what lies there.`
  const event = events.emit({
    kind: deployEvents.stuck,
    subject: 'site',
    severity: 'critical',
    message,
    cause,
    operation,
    data: { deploy: record.id, reason },
  })
  await journal.note({ ...journal.fact({ type: 'failed', blame: false }), sentence: message })
  attention.raise(deployCards.stuck(record, message, event.cause))
}
