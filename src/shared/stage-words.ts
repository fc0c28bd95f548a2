import type { StageName } from './contract/state.ts'

/** The stages of a route in words: what they are called, and what it means to end at one without having failed there. */
export const stageWords: Readonly<Record<StageName, { readonly title: string; readonly ended: string }>> = {
  payload: { title: 'read as JSON', ended: '' },
  where: { title: 'where', ended: 'It did not match.' },
  validate: { title: 'validate', ended: '' },
  limit: { title: 'limit', ended: 'It came too soon after another, or was too old when it could go on.' },
  tag: { title: 'tag', ended: 'It was for none of the targets.' },
  key: { title: 'key', ended: '' },
  enrich: { title: 'enrich', ended: '' },
  map: { title: 'map', ended: 'Its function gave nothing for it.' },
  batch: { title: 'batch', ended: '' },
}

/** A time that a stage takes: `0.4 µs`, `82 µs`, `3.1 ms`; a dash where none was measured. */
export function microseconds(us: number | null): string {
  if (us === null) return '–'
  if (us < 1_000) return `${us < 10 ? us.toFixed(1) : Math.round(us)} µs`
  const ms = us / 1_000
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}
