import type { OutboxPage } from './contract/messages.ts'
import { durationInWords } from './duration-words.ts'
import { sizeInWords } from './size-words.ts'

/** A target as the outbox names it, to be read: `mqtt@office:board/#` is "mqtt board/# on office". */
export function targetInWords(target: string): string {
  const { kind, address, broker } = partsOfTarget(target)
  return `${kind} ${address}${broker === undefined ? '' : ` on ${broker}`}`
}

/** Kind and address of a target as the outbox names it, and the broker where it is not the site's first. */
export function partsOfTarget(target: string) {
  const colon = target.indexOf(':')
  const [kind = '', broker] = target.slice(0, colon).split('@')
  return { kind, address: target.slice(colon + 1), broker }
}

/** How much the outbox may hold, and what happens then. A sentence. */
export function boundsInWords({ rows, bytes, ageMs, whenFull }: OutboxPage['bounds']): string {
  return `It may hold ${rows.toLocaleString('en')} messages, ${sizeInWords(bytes)}, each for ${durationInWords(ageMs)}; ${rules[whenFull]}.`
}

const rules: Readonly<Record<OutboxPage['bounds']['whenFull'], string>> = {
  'drop-lowest': 'when it is full, the oldest of the least urgent route go',
  'drop-oldest': 'when it is full, the oldest go',
  refuse: 'when it is full, publishers of QoS 1 and 2 wait, and messages of QoS 0 are dropped',
}

/** How long it can go on as it does now, in sentences. `now` is wall-clock milliseconds. */
export function horizonInWords({ horizon, bounds }: Pick<OutboxPage, 'horizon' | 'bounds'>, now: number): string {
  if (horizon === null) return 'How fast it fills is not known yet.'
  const { perSecond, fullInMs, bound, first, endsAt } = horizon
  const goes =
    bounds.whenFull === 'refuse'
      ? 'publishers of QoS 1 and 2 wait, and messages of QoS 0 are dropped'
      : `the oldest ${first === null ? 'messages' : `of route ${first.route} (priority ${first.priority})`} go first`
  const ends =
    endsAt === null || endsAt <= now ? '' : ` The first is given up for its age in ${durationInWords(endsAt - now)}.`
  if (fullInMs === 0) return `It is full: ${goes}.`
  if (fullInMs === null) return `It does not grow at present.${ends}`
  const which = bound === 'size' ? ' by size' : ''
  const full = `At this rate (${rate(perSecond)}) it is full${which} in ${durationInWords(fullInMs)}; then ${goes}.`
  return endsAt !== null && endsAt - now < fullInMs ? `${full}${ends}` : full
}

function rate(perSecond: number): string {
  if (perSecond >= 1) return `${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)}/s`
  const perMinute = perSecond * 60
  return `${perMinute < 10 ? perMinute.toFixed(1) : Math.round(perMinute)} a minute`
}
