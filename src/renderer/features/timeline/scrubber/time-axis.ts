import type { SiteTime } from '../../../components/site-time.ts'
import type { TimeScale } from './time-scale.ts'

/** A time that is written under the scrubber. */
export interface Tick {
  readonly x: number
  readonly label: string
}

/** The least room for a label. Pixels. */
const room = 92
const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const steps = [
  ...[1, 5, 15, 30].map((many) => many * second),
  ...[1, 5, 15, 30].map((many) => many * minute),
  ...[1, 3, 6, 12].map((many) => many * hour),
  ...[1, 2, 7, 14, 28, 91, 182, 364].map((many) => many * day),
]

/** Round times of the site's zone, as many as there is room for; where an empty time was cut short, the time at which it goes on. */
export function axisTicks(scale: TimeScale, format: SiteTime): readonly Tick[] {
  const filled = scale.stretches.filter(({ empty }) => !empty)
  const pixels = filled.reduce((sum, { left, right }) => sum + right - left, 0)
  const ms = filled.reduce((sum, { from, to }) => sum + to - from, 0)
  if (pixels <= 0 || ms <= 0) return []
  // Inside a bucket the place goes by sequence: a time there would say more than is known.
  const step = steps.find((many) => many >= scale.bucketMs && (many / ms) * pixels >= room) ?? Number.POSITIVE_INFINITY
  const ticks: Tick[] = []
  let free = 0
  let lastDay = ''
  const put = (x: number, at: number) => {
    if (x < free || x + room / 2 > scale.width) return
    const today = format.shortDay(at)
    const midnight = format.clock(at) === '00:00:00'
    const time = step < minute ? format.clock(at) : format.minute(at)
    const label = step >= day || midnight ? today : today === lastDay ? time : `${today} ${time}`
    ticks.push({ x, label })
    lastDay = today
    free = x + room
  }
  for (const { left, right, from, to } of filled) {
    put(left, from)
    if (step === Number.POSITIVE_INFINITY) continue
    const shift = format.offsetMs(from)
    for (let at = Math.ceil((from + shift) / step) * step - shift; at < to; at += step) {
      put(left + ((at - from) / (to - from)) * (right - left), at)
    }
  }
  return ticks
}
