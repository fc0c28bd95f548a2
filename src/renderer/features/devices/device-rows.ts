import type { DeviceView } from '#shared/contract/index.ts'
import type { Health } from '#shared/vocabulary.ts'

export type DeviceState = DeviceView['state']

/** Those that need a look first. */
export const deviceStates: readonly DeviceState[] = ['silent', 'offline', 'unknown', 'never', 'online']

export const stateWords: Readonly<Record<DeviceState, string>> = {
  silent: 'silent',
  offline: 'offline',
  unknown: 'unknown',
  never: 'never seen',
  online: 'online',
}

export interface DeviceFilter {
  readonly words: string
  readonly state: string | null
  readonly family: string | null
}

/** The devices that fit, those in trouble first, then the silent ones, of which that stands first that is so for longest. Pure. */
export function deviceRows(
  devices: Iterable<DeviceView>,
  { words, state, family }: DeviceFilter,
): readonly DeviceView[] {
  const wanted = words.trim().toLowerCase()
  return [...devices]
    .filter((device) => (state === null || device.state === state) && (family === null || device.family === family))
    .filter((device) => wanted === '' || textOf(device).includes(wanted))
    .sort(
      (a, b) =>
        Number(b.troubled) - Number(a.troubled) ||
        deviceStates.indexOf(a.state) - deviceStates.indexOf(b.state) ||
        (a.state === 'online' ? 0 : a.since - b.since) ||
        a.key.localeCompare(b.key, undefined, { numeric: true }),
    )
}

/** A device's state as a mark. */
export function healthOf({ state, required, troubled }: DeviceView): Health {
  if (state === 'online') return troubled ? 'degraded' : 'healthy'
  if (state === 'silent' || state === 'offline') return required ? 'unhealthy' : 'degraded'
  return troubled ? 'unhealthy' : 'unknown'
}

/** "battery 9 %, present yes". */
export function figureWords({ figures }: DeviceView): string {
  return figures.map((figure) => `${figure.name} ${valueWords(figure)}`).join(', ')
}

export function valueWords({ value, unit }: DeviceView['figures'][number]): string {
  const text = typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)
  return unit === null ? text : `${text} ${unit}`
}

function textOf({ key, title, topic, client, figures }: DeviceView): string {
  const values = figures.map(({ value }) => String(value))
  return [key, title, topic, client?.id ?? '', client?.address ?? '', ...values].join(' ').toLowerCase()
}
