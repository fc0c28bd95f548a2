import type { MaintenanceView } from '#shared/contract/index.ts'
import { counted } from '../../components/figures.ts'

/** What is left of it, short enough for the frame of the page: "1 h 05 min", "12 min", "under a minute". */
export function leftWords(ms: number): string {
  const minutes = Math.ceil(ms / 60_000)
  if (ms < 60_000) return 'under a minute'
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours >= 48) return `${Math.round(hours / 24)} days`
  return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** What it has held back so far, in one line. */
export function heldWords({ restarts, recoveries, cards }: MaintenanceView['held']): string {
  if (restarts + recoveries + cards === 0) return 'Nothing was held back so far.'
  const said = [
    restarts > 0 && counted(restarts, 'restart'),
    recoveries > 0 && counted(recoveries, 'recovery', 'recoveries'),
    cards > 0 && counted(cards, 'card'),
  ]
  return `Held back so far: ${said.filter(Boolean).join(', ')}.`
}

/** The lengths that are one press away. */
export const lengths = [
  { label: '30 min', forMs: 30 * 60_000, flag: '30m' },
  { label: '1 h', forMs: 3_600_000, flag: '1h' },
  { label: '2 h', forMs: 2 * 3_600_000, flag: '2h' },
  { label: '8 h', forMs: 8 * 3_600_000, flag: '8h' },
] as const

/** The same on the command line. */
export function maintenanceCommand(flag: string, reason: string): string {
  const said = reason.trim() === '' ? '' : ` --reason ${quoted(reason.trim())}`
  return `wheelhouse maintenance on --for ${flag}${said}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
