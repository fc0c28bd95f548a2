import type { ConfigProblem } from '#shared/contract/state.ts'
import type { Composition } from './layers/layer.ts'
import type { DocumentPath } from './yaml-text.ts'

/** A mistake before it is placed: what is wrong where in the merged document. */
export interface Fault {
  readonly code: string
  readonly path: DocumentPath
  readonly message: string
  readonly remedy: string
  /** What of the path the mistake is about; by default the value. */
  readonly at?: 'key' | 'value'
}

/** Gives a fault its file, line and column: those of the layer that it comes from, else those of `file`. */
export function placed(fault: Fault, file: string, source: Pick<Composition, 'locate'>): ConfigProblem {
  const place = source.locate(fault.path, fault.at ?? 'value')
  return {
    code: fault.code,
    file: place?.file ?? file,
    line: place?.line ?? null,
    column: place?.column ?? null,
    path: pathText(fault.path),
    message: fault.message,
    remedy: fault.remedy,
  }
}

/** Whether one path leads to the place of the other, or to something in it. */
export function leadsInto(path: DocumentPath, place: DocumentPath): boolean {
  return place.every((step, index) => path[index] === step)
}

/** A path as it is written in sentences: `services.api.run`, `routes.acks.to[0].mqtt`. */
export function pathText(path: DocumentPath): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  )
}

/** A value in words, short enough for a sentence. */
export function inWords(value: unknown): string {
  if (value === null || value === undefined) return 'empty'
  if (typeof value === 'string') return value === '' ? 'an empty text' : `“${shortened(value)}”`
  if (typeof value === 'number' || typeof value === 'bigint') return `the number ${value}`
  if (typeof value === 'boolean') return `${value}`
  const what = Array.isArray(value) ? 'list' : 'map'
  return Object.keys(value).length === 0 ? `an empty ${what}` : `a ${what}`
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 60 ? `${line.slice(0, 57)}…` : line
}
