import { createHash } from 'node:crypto'
import { realpath, stat } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { sizeOfPairs } from '#shared/brought.ts'
import {
  type DryRunReport,
  dryRunBounds,
  type MessageTraceView,
  type PassportRoute,
  type RouteTextProblem,
  recordedDryRunBounds,
  type StoredMessage,
} from '#shared/contract/index.ts'
import type { ConfigProblem } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import {
  brokerNames,
  type ChangedSiteText,
  checkSite,
  type LoadedSite,
  type RouteDefinition,
  readSiteText,
  routeText,
  type SiteDefinition,
  type SiteText,
  withRouteText,
} from './config/index.ts'
import type { EventLog } from './events/index.ts'
import {
  checkDevices,
  checkRoutes,
  DryRuns,
  functionGround,
  type MessageTrace,
  type Recordings,
  type TableContents,
} from './messaging/index.ts'
import { type Clock, type Runtime, writeDurably } from './platform/index.ts'
import { checkPolicies } from './recovery/index.ts'

export interface SiteRoutesParts {
  /** The site's folder. */
  readonly directory: string
  readonly profile: string | null
  readonly runtime: Runtime
  readonly clock: Clock
  readonly events: EventLog
  /** The definition in use. */
  readonly definition: () => SiteDefinition | null
  readonly recordings: Pick<Recordings, 'page'>
  /** What became of messages. */
  readonly trace: (at: number, topic: string) => Promise<MessageTrace>
  /** What expressions look up. */
  readonly tables: () => TableContents
  /** Throws when nothing of the site may be written now, as during a restore. */
  readonly assertWritable: () => void
  /** Reads site.yaml again. */
  readonly reload: (cause: Cause) => Promise<unknown>
}

/** The routes of site.yaml as an operator writes them: looked at, checked, tried on recorded messages, saved. */
export class SiteRoutes implements AsyncDisposable {
  readonly #parts: SiteRoutesParts
  readonly #dryRuns: DryRuns
  #saving: Promise<unknown> = Promise.resolve()

  constructor(parts: SiteRoutesParts) {
    this.#parts = parts
    this.#dryRuns = new DryRuns(parts)
  }

  /** The text of a route, null when there is none; `base` names the file as it is now, and is wanted back by {@link save}. */
  async text(route: string): Promise<{ text: string | null; base: string; firstLine: number | null }> {
    const site = await this.#read()
    const place = routeText(site.text, route)
    return { text: place?.text ?? null, base: site.sha256, firstLine: place?.line ?? null }
  }

  /** What would be wrong with site.yaml if the route were written like this: in the route itself, and what it makes wrong elsewhere. */
  async check(route: string, text: string): Promise<readonly RouteTextProblem[]> {
    return (await this.#examine(await this.#read(), route, text)).problems
  }

  /** Writes a route into site.yaml, or takes it out, and puts it to use. One at a time. */
  save(route: string, text: string | null, base: string, cause: Cause): Promise<void> {
    const turn = this.#saving.then(() => this.#save(route, text, base, cause))
    this.#saving = turn.catch(() => {})
    return turn
  }

  /**
   * What a route, written like this, would make of messages, against what the one in use makes of them. `given` are the messages, or the
   * recording that they are in.
   */
  async dryRun(route: string, text: string | null, given: readonly StoredMessage[] | string): Promise<DryRunReport> {
    const messages = typeof given === 'string' ? await this.#recorded(given) : given
    if (typeof given !== 'string') assertFew(given)
    const before = this.#parts.definition()?.routes[route] ?? null
    const after = text === null ? null : await this.#definitionOf(route, text)
    if (after !== null) this.#assertTrusted(after)
    const oldestFirst = messages.toSorted((one, other) => one.at - other.at)
    const answer = await this.#dryRuns.ask({
      type: 'dry run',
      before,
      after,
      messages: oldestFirst,
      tables: this.#parts.tables(),
      brokers: this.#brokers(),
      functions: await this.#ground(),
    })
    if (answer.type !== 'dry run') throw new TypeError('The dry run answered something else.')
    return answer.report
  }

  /** What the routes in use do with one message, stage by stage. */
  async passport(message: StoredMessage): Promise<readonly PassportRoute[]> {
    return await this.#passports(Object.values(this.#parts.definition()?.routes ?? {}), message)
  }

  /** What really became of the messages that came at a moment on a topic; the stages are those of the routes as they were then. */
  async trace(at: number, topic: string, message: StoredMessage | null): Promise<MessageTraceView> {
    const trace = await this.#parts.trace(at, topic)
    const definitions = trace.routes.map(({ definition }) => definition)
    const passports = message === null || definitions.length === 0 ? [] : await this.#passports(definitions, message)
    const now = this.#parts.definition()?.routes ?? {}
    return {
      since: trace.since,
      routes: trace.routes.map(({ definition, result, reason, stage, sender }, n) => ({
        n,
        route: definition.id,
        result,
        reason,
        stage,
        client: sender?.client ?? null,
        user: sender?.user ?? null,
        changed: !isDeepStrictEqual(now[definition.id], definition),
        passport: passports.find(({ route }) => route === definition.id) ?? null,
      })),
      deliveries: [...trace.deliveries],
      quarantine: [...trace.quarantine],
      journal: [...trace.journal],
    }
  }

  #brokers(): readonly string[] {
    const definition = this.#parts.definition()
    return definition === null ? [] : brokerNames(definition)
  }

  async #passports(routes: readonly RouteDefinition[], message: StoredMessage): Promise<readonly PassportRoute[]> {
    const answer = await this.#dryRuns.ask({
      type: 'passport',
      routes,
      message,
      tables: this.#parts.tables(),
      brokers: this.#brokers(),
      functions: await this.#ground(),
    })
    if (answer.type !== 'passport') throw new TypeError('The dry run answered something else.')
    return answer.routes
  }

  #ground(): ReturnType<typeof functionGround> {
    return functionGround(this.#parts.directory, this.#parts.runtime)
  }

  /** Code of the site is called for a trial only where a route in use calls it as well: that has been looked at and trusted. */
  #assertTrusted({ id, map }: RouteDefinition): void {
    if (map === null || typeof map === 'string') return
    const inUse = Object.values(this.#parts.definition()?.routes ?? {})
    const isUsed = inUse.some(
      ({ map: used }) =>
        used !== null && typeof used !== 'string' && used.file === map.file && used.export === map.export,
    )
    if (isUsed) return
    throw new ConsoleError(
      'function-not-trusted',
      `Route ${id} was not tried: no route in use calls ${map.export} of ${map.file}, so it has not been trusted yet.`,
      'Save the route and trust what is shown then; after that it can be tried.',
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#saving
    await this.#dryRuns[Symbol.asyncDispose]()
  }

  async #save(route: string, text: string | null, base: string, cause: Cause): Promise<void> {
    const { assertWritable, events, reload } = this.#parts
    assertWritable()
    const site = await this.#read()
    if (site.sha256 !== base) {
      throw new ConsoleError(
        'site-yaml-changed',
        'site.yaml was changed since this text was read, so nothing was written.',
        'Keep your text, open the route again, and bring your change in anew.',
      )
    }
    const { changed, problems } = await this.#examine(site, route, text)
    const [first] = problems
    if (first) throw mistaken(route, first, problems.length)
    if (changed.siteText === site.text) return
    const file = await realpath(site.file)
    await writeDurably(file, changed.siteText, (await stat(file)).mode & 0o777)
    const old = routeText(site.text, route)?.text ?? null
    const done = text === null ? 'removed from' : old === null ? 'added to' : 'changed in'
    const event = await events.record({
      kind: 'config.route-changed',
      subject: `route:${route}`,
      severity: 'notice',
      message: `Route ${route} was ${done} site.yaml.`,
      cause,
      data: { file: site.file, before: old, after: text },
    })
    await reload(event.cause)
  }

  /** The oldest messages of a recording, as many as one dry run takes. */
  async #recorded(recording: string): Promise<readonly StoredMessage[]> {
    const messages: StoredMessage[] = []
    let bytes = 0
    for (let after: number | null = 0; after !== null; ) {
      const page: Awaited<ReturnType<Recordings['page']>> = await this.#parts.recordings.page({
        recording,
        after,
        filter: '#',
        text: '',
        limit: 1_000,
      })
      for (const { seq: _seq, bytes: size, ...message } of page.rows) {
        bytes += size + sizeOfPairs(message.properties?.user ?? [])
        if (messages.length >= recordedDryRunBounds.messages || bytes > recordedDryRunBounds.bytes) return messages
        messages.push(message)
      }
      after = page.next
    }
    return messages
  }

  async #definitionOf(route: string, text: string): Promise<RouteDefinition> {
    const { loaded, problems } = await this.#examine(await this.#read(), route, text)
    const [first] = problems
    if (first) throw mistaken(route, first, problems.length)
    const definition = loaded.definition?.routes[route]
    if (definition) return definition
    throw new ConsoleError(
      'site-invalid',
      `site.yaml has other mistakes, so route ${route} cannot be tried: ${loaded.valid ? 'it was left out' : (loaded.problems[0]?.message ?? 'it cannot be read')}`,
      'Put those right first; Settings names them with their lines.',
    )
  }

  /** The file as it would be, and what is wrong with it only then. */
  async #examine(
    site: SiteText,
    route: string,
    text: string | null,
  ): Promise<{ changed: ChangedSiteText; loaded: LoadedSite; problems: readonly RouteTextProblem[] }> {
    const changed = withRouteText(site.text, route, text)
    const loaded = await this.#load({ ...site, text: changed.siteText, sha256: sha256(changed.siteText) })
    const now = loaded.valid ? [] : loaded.problems
    if (now.length === 0) return { changed, loaded, problems: [] }
    const lines = (text ?? '').trimEnd().split('\n').length
    const before = await this.#load(site)
    const known = new Set((before.valid ? [] : before.problems).map(({ code, message }) => `${code} ${message}`))
    const own = now.filter(({ line }) => line !== null && line >= changed.line - 1 && line < changed.line + lines)
    const others = now.filter((problem) => !own.includes(problem) && !known.has(`${problem.code} ${problem.message}`))
    return {
      changed,
      loaded,
      problems: [...own.map((problem) => inRoute(problem, changed)), ...others.map(elsewhere)],
    }
  }

  async #load(site: SiteText): Promise<LoadedSite> {
    const { directory, profile } = this.#parts
    return await checkSite(directory, site, { profile, checkDevices, checkRoutes, checkPolicies })
  }

  async #read(): Promise<SiteText> {
    const site = await readSiteText(this.#parts.directory)
    if (!('code' in site)) return site
    throw new ConsoleError(site.code, site.message, site.remedy)
  }
}

function assertFew(messages: readonly StoredMessage[]): void {
  const bytes = messages.reduce(
    (all, { payload, properties }) => all + payload.length + sizeOfPairs(properties?.user ?? []),
    0,
  )
  if (bytes <= dryRunBounds.bytes) return
  throw new ConsoleError(
    'dry-run-too-large',
    `The messages hold ${bytes} characters of payload, more than the ${dryRunBounds.bytes} that are tried at once.`,
    'Try fewer messages, or a narrower filter.',
  )
}

/** A problem of site.yaml by its place in the text of the route. */
function inRoute({ line, column, message, remedy }: ConfigProblem, place: ChangedSiteText): RouteTextProblem {
  return {
    line: line === null ? null : Math.max(1, line - place.line + 1),
    column: column === null ? null : Math.max(1, column - place.indent),
    message,
    remedy,
  }
}

function elsewhere({ line, message, remedy }: ConfigProblem): RouteTextProblem {
  return {
    line: null,
    column: null,
    message: line === null ? message : `Elsewhere in site.yaml, line ${line}: ${message}`,
    remedy,
  }
}

function mistaken(route: string, first: RouteTextProblem, all: number): ConsoleError {
  const where = first.line === null ? '' : ` (line ${first.line} of its text)`
  const others = all > 1 ? ` ${all - 1} more mistakes.` : ''
  return new ConsoleError(
    'route-invalid',
    `Route ${route} was not taken over: ${first.message}${where}${others}`,
    first.remedy,
  )
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
