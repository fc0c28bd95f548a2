/** A point in time in a zone: "5 Jan 2026, 16:00". An unknown zone is taken as UTC. */
export function timeIn(zone: string, at: number): string {
  return formatted(zone, at, 'short')
}

/** The same to the second, where two times may lie within one minute: "5 Jan 2026, 16:30:09". */
export function momentIn(zone: string, at: number): string {
  return formatted(zone, at, 'medium')
}

function formatted(zone: string, at: number, timeStyle: 'short' | 'medium'): string {
  const options = { dateStyle: 'medium', timeStyle } as const
  try {
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone }).format(at)
  } catch {
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }).format(at)
  }
}

/** A time in words: `400 ms`, `12 s`, `5 min`, `3 h`, `2 days`. */
export function inTime(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`
}

/** A time that was measured, in words: `400 ms`, `3.8 s`, `2 min`. */
export function tookTime(ms: number): string {
  return ms < 1_000 || ms >= 60_000 ? inTime(ms) : `${(ms / 1_000).toFixed(1)} s`
}
