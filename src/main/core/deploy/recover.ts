import type { InterruptedJob } from '#core/jobs/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { deployCards } from './cards.ts'
import { isOver } from './deploy-machine.ts'
import { deployEvents } from './event-kinds.ts'
import type { DeployJournal } from './journal.ts'
import type { DeployRecord, DeployRecords } from './record.ts'
import type { DeployParts } from './types.ts'
import { filesBack } from './way-back.ts'

/**
 * What an earlier console left in the middle, before site.yaml is read: what touched nothing ends; of the rest the link and the site's file
 * go back at once, so that the site opens as it was. Services, data and verification follow when the coordinator is there.
 */
export async function recoverDeploys(
  interrupted: readonly InterruptedJob[],
  records: DeployRecords,
  parts: DeployParts,
  journalOf: (record: DeployRecord) => DeployJournal,
): Promise<{ readonly sentences: readonly string[]; readonly mixed: boolean }> {
  const sentences: string[] = []
  let mixed = false
  for (const record of records.all()) {
    if (isOver(record.standing.phase) || record.standing.phase === 'stuck') continue
    const journal = journalOf(record)
    if (record.standing.phase === 'probation' && isOvertaken(record, records)) {
      await journal.note(endedEarly(record, parts.clock.wall()))
      continue
    }
    if (record.standing.phase !== 'probation' || parts.uncleanExit) await cutOff(journal, parts)
    if (journal.record.standing.phase === 'rolling-back' && !(await putBack(journal, parts))) mixed = true
    if (journal.record.standing.phase !== 'probation') sentences.push(journal.record.sentence)
  }
  for (const job of interrupted) {
    const { deploy } = job.input
    const record = records.get(typeof deploy === 'string' ? deploy : job.view.id)
    const sentence =
      record?.sentence ?? `${job.view.title}: the console ended before anything was touched; nothing was changed.`
    const done = record?.standing.phase === 'committed' || record?.standing.phase === 'probation'
    await job.resolve(done ? 'completed' : 'failed', { message: sentence, data: record ? { deploy: record.id } : {} })
  }
  return { sentences, mixed }
}

/** Whether another one came into use since: then this is on probation no more. */
function isOvertaken({ at, id }: DeployRecord, records: DeployRecords): boolean {
  const came = ['probation', 'committed']
  return records.all().some((other) => other.id !== id && other.at > at && came.includes(other.standing.phase))
}

/** Its probation ends without a verdict. */
export function endedEarly(record: DeployRecord, at: number): Partial<DeployRecord> {
  return {
    standing: { ...record.standing, phase: 'committed' },
    endedAt: at,
    probation: null,
    sentence: `${record.title}: its probation ended early, because another release came into use.`,
  }
}

async function cutOff(journal: DeployJournal, { events }: DeployParts): Promise<void> {
  const { title, standing: before, failure } = journal.record
  const change = journal.fact({ type: 'cut-off' })
  const phase = change.standing?.phase
  const sentences: Readonly<Record<string, string>> = {
    refused: `${title}: the console ended before anything was touched, so nothing was changed.`,
    'rolling-back':
      before.phase === 'probation'
        ? `${title}: console or PC crashed on probation more often than is forgiven, so it is taken back.`
        : `${title} was cut off when the console ended, so it is taken back.`,
    probation: `${title}: console or PC crashed on probation; that counts as a crash, and the probation begins anew.`,
    stuck: `${title} was cut off again and again on its way back, and is left as it is.`,
  }
  const sentence = sentences[phase ?? ''] ?? journal.record.sentence
  const cause: Cause = { type: 'console', why: 'the site was opened after an interruption' }
  events.emit({
    kind: phase === 'probation' ? deployEvents.crashed : deployEvents.failed,
    subject: 'site',
    severity: 'warning',
    message: sentence,
    cause,
    data: { deploy: journal.record.id, phase: phase ?? null },
  })
  await journal.note({
    ...change,
    sentence,
    ...(phase !== 'probation' && { failure: failure ?? sentence }),
    steps: journal.record.steps.map((step) =>
      step.state === 'running' ? { ...step, state: 'failed' as const } : step,
    ),
  })
}

/** Whether the files are as they were before. */
async function putBack(journal: DeployJournal, parts: DeployParts): Promise<boolean> {
  const cause: Cause = { type: 'console', why: 'a deploy was cut off' }
  const log = (line: string) => parts.logger.info(line)
  try {
    await filesBack(journal, parts, { cause, operation: null, log }, false)
    return true
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `${journal.record.title} was cut off, and the files from before could not be put back: ${reason}`
    const event = parts.events.emit({ kind: deployEvents.stuck, subject: 'site', severity: 'critical', message, cause })
    parts.attention.raise(deployCards.stuck(journal.record, message, event.cause))
    await journal.note({ sentence: message })
    return false
  }
}
