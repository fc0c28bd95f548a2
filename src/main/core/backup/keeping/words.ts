import type { PruneFigures } from '#shared/contract/index.ts'
import { sizeInWords } from '#shared/size-words.ts'
import type { RetentionPlan } from '../retention.ts'

/** What rules would do, in a sentence. */
export function retentionSentence(plan: RetentionPlan, count: number, bytes: number | null): string {
  if (plan.held !== null) return `Nothing is removed. ${plan.held}`
  if (plan.remove.length === 0) return `All ${count} snapshots are kept.`
  const freed = bytes === null ? '' : `; a prune a day later frees ${sizeInWords(bytes)}`
  return `${plan.remove.length} of ${count} snapshots go${freed}.`
}

/** What a prune did, in a sentence. */
export function pruneSentence({ packs, bytes, rewritten, saved, waiting, gaveUpReserve }: PruneFigures): string {
  const freed = bytes + saved
  const done =
    freed === 0
      ? 'Nothing could be freed yet.'
      : `${sizeInWords(freed)} were freed: ${counted(packs, 'pack')} removed${rewritten > 0 ? `, ${counted(rewritten, 'pack')} written anew without waste` : ''}.`
  const later = waiting.bytes > 0 ? ` ${sizeInWords(waiting.bytes)} more are not needed, but not for long enough.` : ''
  const reserve = gaveUpReserve ? ' The disk was full, so the space kept in reserve was given up for it.' : ''
  return done + later + reserve
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
