import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Attention } from '#core/attention/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Clock, Logger, Processes, Runtime } from '#core/platform/index.ts'
import { askDamageTool } from './damage-tool.ts'
import { drillEvents } from './event-kinds.ts'
import type { DrillRecords, StoredDrill } from './tables.ts'

interface Common {
  readonly records: Pick<DrillRecords, 'all' | 'put'>
  readonly events: Pick<EventLog, 'emit'>
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * At opening: what a drill that the console did not live to end left frozen is woken. Only processes that are still the same ones
 * are, whatever has their pid now.
 */
export async function undoInterrupted(parts: Common & { readonly processes: Processes }): Promise<void> {
  for (const stored of parts.records.all()) {
    const { run, undo } = stored
    if (run.state !== 'running') continue
    const woken = undo.type === 'wake' ? undo.processes.filter((each) => parts.processes.signal(each, 'SIGCONT')) : []
    const did =
      woken.length > 0
        ? ` ${woken.length === 1 ? 'The frozen process was' : `${woken.length} frozen processes were`} woken.`
        : ''
    const pages = undo.type === 'pages' ? ' Its pages are put back as soon as site.yaml is in use.' : ''
    // Pages stay to be undone: which file they belong to only a site.yaml that is trusted may say.
    await end(parts, stored, `The console ended while the drill ran.${did}${pages}`, undo.type === 'pages')
  }
}

/** Once site.yaml is in use: pages that an interrupted drill overwrote get back what they held, where nobody has put that right. */
export async function undoPages(
  parts: Common & {
    readonly folder: string
    readonly file: (service: string) => Promise<string | null>
    readonly runtime: Runtime
    readonly attention: Pick<Attention, 'raise' | 'clear'>
  },
): Promise<void> {
  const { records, folder, file, runtime, clock, logger, attention, events } = parts
  for (const stored of records.all()) {
    const { run, undo } = stored
    if (undo.type !== 'pages' || run.state === 'running') continue
    const saved = join(folder, undo.name)
    const path = await file(undo.service)
    if (path === null || !existsSync(path)) continue
    const cardId = `drill-not-undone:${run.id}`
    if (!existsSync(saved)) {
      // What the pages held is on disk before the first of them is overwritten.
      await end(parts, stored, 'The console ended while the drill ran. No page had been overwritten yet.', false)
      continue
    }
    try {
      const pages = await askDamageTool(runtime, clock, { type: 'undo', file: path, undo: saved })
      await rm(saved, { force: true })
      const did =
        pages.length === 0
          ? 'Its pages had been put right already.'
          : `${pages.length} of its pages were put back as they were.`
      await end(parts, stored, `The console ended while the drill ran. ${did}`, false)
      attention.clear(cardId, { type: 'console', why: 'the pages were put back' })
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      logger.error('Pages that a drill overwrote could not be put back.', { drill: run.drill, error: why })
      const subject = `service:${run.service}`
      const title = `A drill left ${run.service} damaged`
      const { cause } = events.emit({
        kind: drillEvents.notUndone,
        subject,
        severity: 'error',
        message: `${title}: ${why}`,
        cause: {
          type: 'console',
          why: 'a drill that the console did not live to end is undone when the site is opened',
        },
        operation: run.id,
        data: { drill: run.drill },
      })
      attention.raise({
        id: cardId,
        subject,
        severity: 'error',
        title,
        why: `The console ended in the middle of the drill "${run.title}", and what it had overwritten could not be put back. ${why}`,
        fixes: [{ label: `Recover ${run.service}`, action: { type: 'recover-database', service: run.service } }],
        cause,
        dismissible: true,
      })
    }
  }
}

async function end(
  { records, events, clock }: Common,
  { run, undo }: StoredDrill,
  verdict: string,
  stillToUndo: boolean,
): Promise<void> {
  const ended = { ...run, state: 'interrupted' as const, endedAt: run.endedAt ?? clock.wall(), verdict }
  await records.put({ run: ended, undo: stillToUndo ? undo : { type: 'nothing' } })
  events.emit({
    kind: drillEvents.undone,
    subject: `service:${run.service}`,
    severity: 'notice',
    message: `Drill "${run.title}": ${verdict}`,
    cause: { type: 'console', why: 'an interrupted drill was found when the site was opened' },
    operation: run.id,
    data: { drill: run.drill },
  })
}
