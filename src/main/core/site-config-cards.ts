import type { Cause } from '#shared/vocabulary.ts'
import type { Attention } from './attention/index.ts'
import type { LastGood, LoadedSite } from './config/index.ts'
import type { EventLog } from './events/index.ts'

interface Places {
  readonly attention: Attention
  readonly events: EventLog
}

/** Tells that site.yaml was read: valid, or with its mistakes and what is in use instead. */
export function tellLoaded(
  { attention, events }: Places,
  loaded: LoadedSite,
  inUse: { readonly any: boolean; readonly lastGood: LastGood | null; readonly zone: string },
  cause: Cause,
): void {
  if (loaded.valid) {
    events.emit({
      kind: 'config.loaded',
      subject: 'site',
      severity: 'info',
      message: 'site.yaml was read and is valid.',
      cause,
    })
    attention.clear('site-yaml-invalid', cause)
    return
  }
  const [first] = loaded.problems
  const others = loaded.problems.length > 1 ? ` ${loaded.problems.length - 1} more mistakes.` : ''
  const why = `${first?.file ?? 'site.yaml'}${first?.line ? ` line ${first.line}` : ''}: ${first?.message ?? 'it cannot be read.'}${others}`
  const instead = insteadOf(inUse)
  const event = events.emit({
    kind: 'config.refused',
    subject: 'site',
    severity: 'error',
    message: `site.yaml cannot be used. ${why} ${instead.sentence}`,
    cause,
    data: { problems: loaded.problems.slice(0, 20), lastGood: inUse.lastGood?.at ?? null },
  })
  attention.raise({
    id: 'site-yaml-invalid',
    subject: 'site',
    severity: 'error',
    title: instead.title,
    why,
    fixes: [
      { label: 'Read it again', action: { type: 'reload-config' } },
      ...(inUse.lastGood
        ? [{ label: 'Put the last good version back', action: { type: 'restore-config' as const } }]
        : []),
      { label: 'Show the mistakes', action: { type: 'go-to', page: '/settings' } },
      { label: 'Restore from a backup', action: { type: 'restore', snapshot: null } },
    ],
    cause: event.cause,
    dismissible: false,
  })
}

function insteadOf({ any, lastGood, zone }: { any: boolean; lastGood: LastGood | null; zone: string }) {
  if (lastGood) {
    const since = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
    return {
      title: 'site.yaml cannot be used; the last good version is in use instead',
      sentence: `The last good version, of ${since.format(lastGood.at)}, is in use instead.`,
    }
  }
  if (any)
    return {
      title: 'site.yaml has mistakes; the last valid one stays in use',
      sentence: 'What was in use before stays in use.',
    }
  return {
    title: 'site.yaml has mistakes; nothing can be started',
    sentence: 'No earlier version is known, so the console runs with its defaults: no service, no route.',
  }
}

/** Tells that a part refused a valid configuration, and that everything is as before. */
export function tellUndone(
  { attention, events }: Places,
  refusal: { readonly part: string; readonly why: string; readonly notUndone: readonly string[] },
  cause: Cause,
): string {
  const rest =
    refusal.notUndone.length === 0
      ? 'Everything works by the configuration from before.'
      : `Not taken back by: ${refusal.notUndone.join(', ')}; restart the console.`
  const why = `${refusal.part} refused it: ${refusal.why} ${rest}`
  const event = events.emit({
    kind: 'config.undone',
    subject: 'site',
    severity: 'error',
    message: `A change of the configuration was undone. ${why}`,
    cause,
    data: { ...refusal },
  })
  attention.raise({
    id: 'config-undone',
    subject: 'site',
    severity: 'error',
    title: 'A change of the configuration was undone',
    why,
    fixes: [
      { label: 'Try it again', action: { type: 'reload-config' } },
      { label: 'Show the configuration', action: { type: 'go-to', page: '/settings' } },
    ],
    cause: event.cause,
    dismissible: true,
  })
  return why
}

/** Asks whether a change on disk that touches services shall be applied. */
export function tellPending({ attention, events }: Places, sentence: string, cause: Cause): void {
  const event = events.emit({
    kind: 'config.changed-on-disk',
    subject: 'site',
    severity: 'notice',
    message: `The configuration changed and waits to be applied. ${sentence}`,
    cause,
  })
  attention.raise({
    id: 'config-pending',
    subject: 'site',
    severity: 'warning',
    title: 'The configuration changed; applying it touches services',
    why: sentence,
    fixes: [
      { label: 'Apply it', action: { type: 'apply-config' } },
      { label: 'Show the difference', action: { type: 'go-to', page: '/settings' } },
    ],
    cause: event.cause,
    dismissible: true,
  })
}
