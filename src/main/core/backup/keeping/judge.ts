import type { AttentionDraft } from '#core/attention/index.ts'
import { timeIn } from '#core/platform/index.ts'
import { sizeInWords } from '#shared/size-words.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Snapshot } from '../repository/snapshot-file.ts'
import { isGood, newestGood } from '../views.ts'
import { backupOld, backupSlow, clockBehind, folderFillsSoon, noRoomForNext, siteShrank } from './cards.ts'
import type { Deadline } from './deadline.ts'
import { type Growth, median } from './growth.ts'
import type { Shrink } from './shrink.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** A console that was only just opened makes up for what it missed first. */
const catchUpMs = 15 * minuteMs
/** A disk that will be full within so many days is told of. */
const fullSoonMs = 14 * dayMs
/** Slow is more than three times the usual time of at least five, and at least two minutes more. */
const slow = { times: 3, moreMs: 2 * minuteMs, least: 5, of: 20 }
/** What has to stay free beside the next backup. */
const spareBytes = 48 * 1024 * 1024

export interface JudgedFacts {
  /** Wall-clock milliseconds. */
  readonly now: number
  /** When the console was opened, by the same clock. */
  readonly openedAt: number
  /** Oldest first. */
  readonly snapshots: readonly Snapshot[]
  readonly deadline: Deadline | null
  /** Why scheduled backups wait, or null. */
  readonly paused: string | null
  readonly shrinks: readonly Shrink[]
  readonly growth: Growth
  readonly bytes: number | null
  readonly freeBytes: number | null
  readonly folder: string
  readonly zone: string
  readonly cause: Cause
}

/** Whether a condition holds, by the card's id. `undecided`: too early to say, so a card that is open stays and none is raised. */
export type Judged = readonly [id: string, card: AttentionDraft | null | 'undecided']

/** What a person should know of how the snapshots are kept. Pure. */
export function judgeKeeping(facts: JudgedFacts): readonly Judged[] {
  return [
    ['backup-old', judgeAge(facts)],
    ['backup-clock', judgeClock(facts)],
    ['backup-space', judgeSpace(facts)],
    ['backup-slow', judgeTime(facts)],
    ...(['full', 'data'] as const).map((kind): Judged => [`backup-shrunk:${kind}`, judgeShrink(facts, kind)]),
  ]
}

function judgeAge({ now, openedAt, snapshots, deadline, paused, zone, cause }: JudgedFacts) {
  const good = newestGood(snapshots)
  // Without any another card stands, and a moment that lies ahead is told as what it is.
  if (!good || !deadline || now < deadline.at || good.at > now) return null
  if (now - openedAt < catchUpMs && deadline.by === 'schedule') return 'undecided'
  const tried = snapshots.filter((each) => each.at > good.at && each.kind !== 'restore-point' && !isGood(each)).length
  const hours = (now - good.at) / hourMs
  const age = hours < 48 ? `${Math.floor(hours)} hours` : `${Math.floor(hours / 24)} days`
  const since =
    tried > 0
      ? `${tried} ${tried === 1 ? 'snapshot was' : 'snapshots were'} taken since, and none is whole`
      : 'none was taken since'
  const waiting = paused === null ? '' : ` Scheduled backups wait: ${paused}`
  const rule =
    deadline.by === 'site.yaml'
      ? 'site.yaml allows less (backup.alert-after).'
      : 'Two dates of the schedule passed without one.'
  return backupOld(age, `The newest good snapshot is of ${timeIn(zone, good.at)}; ${since}. ${rule}${waiting}`, cause)
}

function judgeClock({ now, snapshots, zone, cause }: JudgedFacts) {
  const newest = snapshots.findLast(({ at }) => at > now + minuteMs)
  if (!newest) return null
  return clockBehind(newest.id, timeIn(zone, newest.at), timeIn(zone, now), cause)
}

function judgeSpace({ now, snapshots, growth, bytes, freeBytes, folder, zone, cause }: JudgedFacts) {
  if (freeBytes === null) return null
  const largest = Math.max(0, ...snapshots.slice(-10).map(({ added }) => added))
  if (freeBytes < largest + spareBytes && snapshots.length > 0)
    return noRoomForNext(folder, sizeInWords(freeBytes), sizeInWords(largest), cause)
  const { fullAt, bytesPerDay } = growth
  if (fullAt === null || bytesPerDay === null || fullAt > now + fullSoonMs) return null
  const days = Math.max(0, Math.floor((fullAt - now) / dayMs))
  const evidence = `The backups grow by ${sizeInWords(bytesPerDay)} a day, take up ${sizeInWords(bytes ?? 0)}, and ${sizeInWords(freeBytes)} are free on the disk of ${folder}: that lasts until about ${timeIn(zone, fullAt)}.`
  return folderFillsSoon(days, evidence, cause)
}

function judgeTime({ snapshots, cause }: JudgedFacts) {
  const newest = snapshots.findLast(({ kind }) => kind !== 'restore-point')
  if (!newest) return null
  const before = snapshots.filter(({ kind, id }) => kind === newest.kind && id !== newest.id).slice(-slow.of)
  const usual = median(before.map(({ durationMs }) => durationMs))
  if (usual === null || before.length < slow.least) return null
  if (newest.durationMs < usual * slow.times || newest.durationMs < usual + slow.moreMs) return null
  return backupSlow(newest, usual, cause)
}

function judgeShrink({ shrinks, snapshots, zone, cause }: JudgedFacts, kind: Shrink['kind']) {
  const shrink = shrinks.find((each) => each.kind === kind)
  if (!shrink) return null
  const size = (id: string) => sizeInWords(snapshots.find((each) => each.id === id)?.bytes ?? 0)
  const evidence = `${kind === 'full' ? 'The site' : 'Its data'} had ${size(shrink.before)} before, and ${size(shrink.from)} on ${timeIn(zone, shrink.at)}. While nobody says that this is right, the rules of keeping remove none of the large snapshots.`
  return siteShrank(shrink, evidence, cause)
}
