import { nearest } from './nearest.ts'
import { defaultPhases } from './phase-schema.ts'
import type { Fault } from './problem-report.ts'
import type { SiteFile } from './site-schema.ts'

/** Phases that do not exist, and services that need one of a later phase. */
export function phaseFaults(file: SiteFile): readonly Fault[] {
  const order = Object.keys(file.phases ?? defaultPhases)
  return Object.entries(file.services).flatMap(([id, { phase, needs }]): readonly Fault[] => {
    if (phase === undefined) return []
    const place = order.indexOf(phase)
    if (place < 0) return [unknownPhase(id, phase, order)]
    return Object.keys(needs).flatMap((need) => {
      const later = Object.hasOwn(file.services, need) ? file.services[need]?.phase : undefined
      if (later === undefined || order.indexOf(later) <= place) return []
      return [
        {
          code: 'need-of-later-phase',
          path: ['services', id, 'needs', need],
          at: 'key' as const,
          message: `Service ${id} of phase ${phase} needs ${need}, which belongs to the later phase ${later}.`,
          remedy: `Move ${id} to ${later} or a later phase, or ${need} to ${phase} or an earlier one: ${order.join(', ')}.`,
        },
      ]
    })
  })
}

function unknownPhase(id: string, phase: string, order: readonly string[]): Fault {
  const near = nearest(phase, order)
  return {
    code: 'phase-unknown',
    path: ['services', id, 'phase'],
    message: `Service ${id} belongs to the phase ${phase}, which this site does not have.`,
    remedy: near
      ? `Write \`${near}\`, or add \`${phase}\` to \`phases\`.`
      : `Write one of ${order.map((one) => `\`${one}\``).join(', ')}, or add \`${phase}\` to \`phases\`.`,
  }
}
