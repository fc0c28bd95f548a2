/** Numbers as they are read on screen: always with their unit. */

export { durationInWords as duration } from '#shared/duration-words.ts'
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
