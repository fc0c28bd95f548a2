const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes in powers of a thousand, one to three digits and their unit: `27 kB`, `1.4 MB`; below nothing with a minus sign. */
export function sizeInWords(bytes: number): string {
  let left = Math.abs(bytes)
  let unit = 0
  while (left >= 999.5 && unit < units.length - 1) {
    left /= 1_000
    unit++
  }
  const shown = unit === 0 ? String(Math.round(left)) : left.toFixed(left < 9.95 ? 1 : 0)
  return `${bytes < 0 ? '−' : ''}${shown} ${units[unit]}`
}
