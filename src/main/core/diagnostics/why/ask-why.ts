import type { SiteDefinition } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { DeviceView } from '#shared/contract/devices.ts'
import type { Why } from '#shared/contract/diagnostics.ts'
import { eachSlice } from '#shared/contract/each-slice.ts'
import type { LogLine } from '#shared/contract/services.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { historyLength, type NeededFacts, type ShownFacts, type WhyFacts } from './facts.ts'
import { neededFacts } from './needed-facts.ts'
import { isShown, readSubject, type Subject, subjectText, subjectUnknown } from './subject.ts'
import { why } from './why.ts'

/** What the facts are fetched from. */
export interface WhySources {
  readonly state: StateHub
  /** Null while no site is open. */
  readonly site: {
    readonly clock: Pick<Clock, 'wall' | 'after'>
    readonly events: Pick<EventLog, 'page' | 'byId' | 'causes' | 'settled'>
    readonly messaging?: { readonly devices: { get(key: string): DeviceView | undefined } }
    definition(): SiteDefinition | null
    logTail(service: string, lines: number): Promise<readonly LogLine[]>
  } | null
}

const logLength = 40

/**
 * Answers why something is as it is. Fetches only what the answer rests on, by key: a page of events for each service on the way
 * down, the causes of the newest, and the last lines of what has failed. Rejects with `subject-unknown`.
 */
export async function askWhy(text: string, { state, site }: WhySources): Promise<Why> {
  if (site) await recorded(site)
  const shown = shownFacts(state)
  const named = readSubject(text, shown) ?? elsewhere(text, shown)
  if (!named) throw subjectUnknown(text, shown)
  const subject = await byNumber(named, site)
  const definition = site?.definition() ?? null
  const services = Object.values(definition?.services ?? {})
  const broker = services.find(({ use }) => use === 'broker')?.id ?? null
  const device = (subject.kind === 'device' && site?.messaging?.devices.get(subject.id)) || null
  const facts = await fetchFacts(neededFacts(subject, shown, broker), site)
  if (device === null && !isKnown(subject, shown, facts)) throw subjectUnknown(text, shown)
  return why(subject, {
    ...facts,
    // Without a site no answer tells a time.
    now: site?.clock.wall() ?? 0,
    zone: shown.site.site?.zone ?? 'UTC',
    shown,
    device,
    definition: { disabled: services.filter(({ enabled }) => !enabled).map(({ id }) => id), broker },
  })
}

/** What has just happened is part of the answer, but a store that hangs does not keep it back. Milliseconds. */
const patienceMs = 200

async function recorded({ events, clock }: NonNullable<WhySources['site']>): Promise<void> {
  await new Promise<void>((resolve) => {
    const enough = clock.after(patienceMs, resolve)
    void events.settled().then(() => {
      enough[Symbol.dispose]()
      resolve()
    })
  })
}

type Fetched = Pick<WhyFacts, 'histories' | 'chains' | 'logs'>

async function fetchFacts(needed: NeededFacts, site: WhySources['site']): Promise<Fetched> {
  const histories = new Map<string, readonly EventRecord[]>()
  const chains = new Map<string, readonly EventRecord[]>()
  const logs = new Map<string, readonly string[]>()
  if (!site) return { histories, chains, logs }
  await Promise.all(
    needed.histories.map(async (subject) => {
      // Without what is recorded there is still the state; the answer to why the store cannot be read must not fail for it.
      const { events } = await site.events.page({ subject, limit: historyLength }).catch(() => ({ events: [] }))
      histories.set(subject, events)
    }),
  )
  const newest = [...histories.values()].flatMap((events) => keyEvents(events))
  for (const id of new Set([...needed.chains, ...newest])) chains.set(id, site.events.causes(id))
  await Promise.all(
    needed.logs.map(async (service) => {
      // A log that cannot be read leaves an answer without it; the service itself may be gone from site.yaml.
      const lines = await site.logTail(service, logLength).catch(() => [])
      logs.set(
        service,
        lines.map((line) => line.text),
      )
    }),
  )
  return { histories, chains, logs }
}

/** Events whose causes may be told: the newest, the last stop, and the last that kept a service from starting. */
function keyEvents(events: readonly EventRecord[]): readonly string[] {
  const of = (...kinds: readonly string[]) => events.find(({ kind }) => kinds.includes(kind))?.id
  return [
    events[0]?.id,
    of('service.stopped'),
    of('service.unhealthy'),
    of('service.failed'),
    of('job.cancelled'),
    of('maintenance.ended'),
  ].filter((id) => id !== undefined)
}

/** An event may be asked about by the number that `wheelhouse events` shows. */
async function byNumber(subject: Subject, site: WhySources['site']): Promise<Subject> {
  if (subject.kind !== 'event' || !/^\d{1,15}$/.test(subject.id) || !site) return subject
  const seq = Number(subject.id)
  const { events } = await site.events.page({ after: seq - 1, limit: 1 })
  return events[0]?.seq === seq ? { kind: 'event', id: events[0].id } : subject
}

/** A service that the site does not show may still be meant: while nothing is loaded, or after it was taken out of site.yaml. */
function elsewhere(text: string, shown: ShownFacts): Subject | null {
  return /^[a-z][a-z0-9-]*$/.test(text) && shown.services[text] === undefined ? { kind: 'service', id: text } : null
}

function isKnown(subject: Subject, shown: ShownFacts, { histories, chains }: Fetched): boolean {
  if (isShown(subject, shown)) return true
  if (subject.kind === 'event') return (chains.get(subject.id) ?? []).length > 0
  if ((histories.get(subjectText(subject)) ?? []).length > 0) return true
  // Nothing is known of any service then; which ones there would be, trust tells.
  const { site } = shown.site
  if (subject.kind !== 'service') return false
  if (site?.trust) return site.trust.commands.some(({ of }) => of === subject.id)
  return !site || (!site.config.valid && Object.keys(shown.services).length === 0)
}

/** Every slice as it is now. */
function shownFacts(state: StateHub): ShownFacts {
  return eachSlice((name) => state.slice(name).all())
}
