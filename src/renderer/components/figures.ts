/** Numbers as they are read on screen: always with their unit. */

export { sizeInWords as bytes } from '#shared/size-words.ts'

/** A count with thin thousands: `12 345`. */
export function count(value: number): string {
  return grouped.format(value).replaceAll(',', '\u202f')
}
const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** "1 file", "3 files". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** A rate: `0.4/s`, `214/s`. */
export function perSecond(value: number): string {
  if (value > 0 && value < 10) return `${value.toFixed(1)}/s`
  return `${count(Math.round(value))}/s`
}

/** Per cent without decimals, except below ten: `4.2 %`. */
export function percent(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} %`
}

/** A duration in milliseconds, two units at most: `2 ms`, `1.4 s`, `5 s` for what was set to that, `3 min 20 s`, `2 h 5 min`, `3 d`. */
export function duration(ms: number): string {
  if (ms < 1) return ms <= 0 ? '0 ms' : `${ms.toFixed(1)} ms`
  if (ms < 1_000) return `${Math.round(ms)} ms`
  const s = ms / 1_000
  if (s < 10) return Number.isInteger(s) ? `${s} s` : `${s.toFixed(1)} s`
  if (s < 60) return `${Math.floor(s)} s`
  if (s < 3_600) return pair(Math.floor(s / 60), 'min', Math.floor(s % 60), 's')
  if (s < 86_400) return pair(Math.floor(s / 3_600), 'h', Math.floor((s % 3_600) / 60), 'min')
  return pair(Math.floor(s / 86_400), 'd', Math.floor((s % 86_400) / 3_600), 'h')
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

/** How long ago something was, one unit: `now`, `4 s`, `3 min`, `3 h`, `2 d`. Never negative: clocks differ a little. */
export function age(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1_000))
  if (s < 1) return 'now'
  if (s < 60) return `${s} s`
  if (s < 3_600) return `${Math.floor(s / 60)} min`
  if (s < 86_400) return `${Math.floor(s / 3_600)} h`
  return `${Math.floor(s / 86_400)} d`
}

/** `3 h ago`, `just now`. */
export function ago(ms: number): string {
  const words = age(ms)
  return words === 'now' ? 'just now' : `${words} ago`
}
