import { realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConfigChangeView, ConfigPlanView, ConfigVersionView } from '#shared/contract/config.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import {
  type ConfigChange,
  type ConfigRecords,
  type ConfigSources,
  changesBetween,
  digestOf,
  fixedKeys,
  isSecretText,
  type LoadedSite,
  type Override,
  readLastGood,
  typedText,
} from './config/index.ts'
import type { EventLog } from './events/index.ts'
import { type Clock, writeDurably } from './platform/index.ts'
import type { ConfigPlan } from './site-config.ts'

export interface SiteVersionsParts {
  readonly directory: string
  /** The site's `.wheelhouse` folder. */
  readonly own: string
  readonly clock: Clock
  readonly events: EventLog
  readonly records: ConfigRecords
  /** What is in use; null while nothing is. */
  readonly sources: () => ConfigSources | null
  readonly check: (sources: ConfigSources) => Promise<LoadedSite>
  /** Reads and checks what lies on disk, with these values set. */
  readonly checkDisk: (overrides: readonly Override[]) => Promise<LoadedSite>
  /** Throws when nothing of the site may be written now, as during a restore. */
  readonly assertWritable: () => void
  /** Reads all of it again; `why`: for the version that comes of it. */
  readonly reload: (cause: Cause, why: string) => Promise<{ readonly valid: boolean }>
}

/** Read before the store is open, so a value that is set in the store comes too late for them. */
const readEarly = ['backup.folder', 'backup.target', 'name']

/** The versions of a site's configuration, and the values that were set over it. One change at a time. */
export class SiteVersions {
  readonly #parts: SiteVersionsParts
  #changing: Promise<unknown> = Promise.resolve()

  constructor(parts: SiteVersionsParts) {
    this.#parts = parts
  }

  /** Newest first. */
  list(): ConfigVersionView[] {
    const now = this.#parts.sources()
    const digest = now && digestOf(now)
    let marked = false
    return this.#parts.records.versions().map(({ id, at, why, bytes, digest: its }) => {
      const inUse = its === digest && !marked
      marked ||= inUse
      return { id, at, why, bytes, inUse }
    })
  }

  /** What differs between two versions; `to` null is what is in use. */
  async compare(from: number, to: number | null): Promise<ConfigChangeView[]> {
    const [before, after] = [
      this.#parts.records.sources(from),
      to === null ? this.#now() : this.#parts.records.sources(to),
    ]
    return changesOf(await this.#document(before), await this.#document(after))
  }

  /** The text of site.yaml in a version. */
  text(version: number): string {
    return this.#parts.records.sources(version).site
  }

  /**
   * Writes the files of a version as they were, puts what was set then in the place of what is set now, and uses all of it. Null is the version that was in use last, for a
   * site.yaml that cannot be. Rejects with `version-unusable` when it is not valid any more, and then changes nothing.
   */
  restore(version: number | null, cause: Cause): Promise<void> {
    return this.#inTurn(async () => {
      const { records, events, directory, assertWritable, reload } = this.#parts
      assertWritable()
      const sources = version === null ? await this.#lastGood() : records.sources(version)
      await this.#assertUsable(sources)
      for (const [name, text] of Object.entries(sources.includes)) await write(directory, name, text)
      await write(directory, 'site.yaml', sources.site)
      await records.setOverrides(sources.overrides)
      const what = version === null ? 'The last good version' : `Version ${version}`
      const event = await events.record({
        kind: 'config.restored',
        subject: 'site',
        severity: 'notice',
        message: `${what} of the configuration was put back.`,
        cause,
        data: { version },
      })
      await reload(
        event.cause,
        version === null ? 'the last good version was put back' : `version ${version} was put back`,
      )
    })
  }

  /** Sets a value over all files. `text` becomes what site.yaml wants at the path. Rejects with what would be wrong, and then sets nothing. */
  async set(path: string, text: string, cause: Cause): Promise<void> {
    const steps = stepsOf(path)
    const value = typedText(text, steps)
    if (isSecretText(value, steps)) {
      throw new ConsoleError(
        'secret-in-configuration',
        `${path} is named like a secret, so its value is not kept in the configuration.`,
        'Put the value into the secrets file, and set a reference to it (`secrets.NAME` in `$` and braces).',
      )
    }
    await this.#change(
      path,
      cause,
      (overrides, at) => [...without(overrides, steps), { path: [...steps], value, at }],
      {
        kind: 'config.value-set',
        message: `${path} was set to ${JSON.stringify(value)}.`,
        why: `${path} was set`,
      },
    )
  }

  /** Takes back what was set at a path and below it: what the files say counts again. Rejects with `not-set` when nothing was. */
  async unset(path: string, cause: Cause): Promise<void> {
    const steps = stepsOf(path)
    await this.#change(
      path,
      cause,
      (overrides) => {
        const rest = without(overrides, steps)
        if (rest.length < overrides.length) return rest
        throw new ConsoleError(
          'not-set',
          `Nothing was set at ${path}.`,
          'See what was with `wheelhouse config show --source override`.',
        )
      },
      {
        kind: 'config.value-taken-back',
        message: `What was set at ${path} was taken back.`,
        why: `${path} was taken back`,
      },
    )
  }

  #change(
    path: string,
    cause: Cause,
    change: (overrides: readonly Override[], at: number) => readonly Override[],
    told: { readonly kind: string; readonly message: string; readonly why: string },
  ): Promise<void> {
    return this.#inTurn(async () => {
      const { records, clock, events, assertWritable, reload } = this.#parts
      assertWritable()
      const before = records.overrides()
      const after = change(before, clock.wall())
      const known = problemsIn(await this.#parts.checkDisk(before))
      const [first, ...others] = problemsIn(await this.#parts.checkDisk(after)).filter(
        (problem) => !known.some(({ message }) => message === problem.message),
      )
      if (first) {
        const more = others.length > 0 ? ` ${others.length} more mistakes.` : ''
        throw new ConsoleError('value-refused', `${path} was not changed: ${first.message}${more}`, first.remedy)
      }
      await records.setOverrides(after)
      const event = await events.record({
        kind: told.kind,
        subject: 'site',
        severity: 'notice',
        message: told.message,
        cause,
        data: { path },
      })
      try {
        await reload(event.cause, told.why)
      } catch (error) {
        // A part refused it, so everything works by what was before: nothing must say otherwise.
        await records.setOverrides(before)
        throw error
      }
    })
  }

  #now(): ConfigSources {
    const now = this.#parts.sources()
    if (now) return now
    throw new ConsoleError('site-invalid', 'No configuration is in use.', 'Put site.yaml right, or restore a version.')
  }

  async #lastGood(): Promise<ConfigSources> {
    const good = await readLastGood(this.#parts.own)
    if (good) return good.sources
    throw new ConsoleError(
      'version-unknown',
      'No earlier version of the configuration is known.',
      'Restore site.yaml from a snapshot.',
    )
  }

  async #document(sources: ConfigSources): Promise<unknown> {
    return (await this.#parts.check(sources)).composition?.composed.value
  }

  async #assertUsable(sources: ConfigSources): Promise<void> {
    const loaded = await this.#parts.check(sources)
    if (loaded.definition) return
    const [first] = problemsIn(loaded)
    throw new ConsoleError(
      'version-unusable',
      `This version cannot be used any more, so nothing was changed: ${first?.message ?? 'it cannot be read'}`,
      first?.remedy ?? 'Restore another version.',
    )
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.#changing.then(act)
    this.#changing = turn.catch(() => {})
    return turn
  }
}

/** A plan as it is shown. */
export function planView({ problems, changes, touch, trust }: ConfigPlan): ConfigPlanView {
  return {
    problems: problems.map(({ file, line, column, message, remedy }) => ({
      place: [file, line, column].filter((part) => part !== null).join(':'),
      message,
      remedy,
    })),
    changes: shownChanges(changes),
    touch: touch && {
      sentence: touch.sentence,
      restarts: [...touch.restarts],
      stops: [...touch.stops],
      added: [...touch.added],
      routes: [...touch.routes],
      sections: [...touch.sections],
    },
    trust,
  }
}

/** Differences as they are shown: what is not there on one side is null, and said to be absent. */
export function changesOf(before: unknown, after: unknown): ConfigChangeView[] {
  return shownChanges(changesBetween(before, after))
}

function shownChanges(changes: readonly ConfigChange[]): ConfigChangeView[] {
  return changes.map(({ path, before: was, after: is, hidden }) => ({
    path,
    what: was === undefined ? 'added' : is === undefined ? 'removed' : 'changed',
    before: was ?? null,
    after: is ?? null,
    hidden,
  }))
}

function problemsIn(loaded: LoadedSite) {
  return loaded.valid ? [] : loaded.problems
}

/** The steps of a path such as `services.api.env.LOG`. */
function stepsOf(path: string): readonly string[] {
  const steps = path.split('.').map((step) => step.trim())
  const refused = (why: string, remedy: string) =>
    new ConsoleError('path-refused', `${path} cannot be set: ${why}`, remedy)
  if (steps.some((step) => step === '' || step.length > 200) || steps.length > 16)
    throw refused('it is no path.', 'Write it like `services.api.env.LOG`.')
  if (steps.some((step) => /\[\d+\]$/.test(step)))
    throw refused('an entry of a list cannot be set alone.', 'Set the whole list, written like `[ a, b ]`.')
  if (fixedKeys.includes(steps[0] ?? '') || steps[0] === 'profiles')
    throw refused('it says what the file is.', 'Change it in site.yaml.')
  const early = readEarly.find((one) => path === one || path.startsWith(`${one}.`) || one.startsWith(`${path}.`))
  if (early) throw refused(`${early} is read before what was set here is known.`, 'Change it in site.yaml.')
  return steps
}

function without(overrides: readonly Override[], steps: readonly string[]): readonly Override[] {
  return overrides.filter(({ path }) => !steps.every((step, index) => path[index] === step))
}

/** Writes a file of the site with the rights that it has. */
async function write(directory: string, name: string, text: string): Promise<void> {
  const file = join(directory, name)
  const real = await realpath(file).catch(() => file)
  const mode = await stat(real).then(
    (found) => found.mode & 0o777,
    () => 0o644,
  )
  await writeDurably(real, text, mode)
}
