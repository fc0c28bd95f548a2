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
