import type { Attention } from '#core/attention/index.ts'
import type { EventLog } from '#core/events/index.ts'
import { besideCardOf, unitEvents } from './event-kinds.ts'

/** Tells when a unit runs although the console has taken its service over: somebody, or another unit, started it. */
export class BesideWatch {
  readonly #ports: { readonly events: EventLog; readonly attention: Attention }
  /** By service, whether its unit ran when it was last seen. */
  readonly #runs = new Map<string, boolean>()

  constructor(ports: { readonly events: EventLog; readonly attention: Attention }) {
    this.#ports = ports
  }

  /** Takes what was seen: the unit's state in words while it runs, else null. */
  seen(id: string, title: string, running: string | null): void {
    const before = this.#runs.get(id)
    const runs = running !== null
    if (before === runs) return
    this.#runs.set(id, runs)
    const { events, attention } = this.#ports
    if (!runs) {
      const cause = { type: 'observation', what: 'its unit does not run beside the console' } as const
      // A card of an earlier console may stand, so the first look clears it in any case.
      if (before === undefined) {
        attention.clear(besideCardOf(id), cause)
        return
      }
      const { cause: ended } = events.emit({
        kind: unitEvents.besideEnded,
        subject: `service:${id}`,
        severity: 'info',
        message: `The unit of ${title}, which the console has taken over, does not run any more.`,
        cause,
      })
      attention.clear(besideCardOf(id), ended)
      return
    }
    const why = `${running} The console has taken ${title} over, and two copies must never run. The console starts no copy while the unit runs, but one that it had started before runs on.`
    const { cause } = events.emit({
      kind: unitEvents.besideBegan,
      subject: `service:${id}`,
      severity: 'error',
      message: `systemd runs ${title}, which the console has taken over: somebody or another unit started it. ${running}`,
      cause: { type: 'observation', what: running },
    })
    attention.raise({
      id: besideCardOf(id),
      subject: `service:${id}`,
      severity: 'error',
      title: `systemd runs ${title} as well`,
      why: `${why} Stop the unit, or give the service back to it.`,
      fixes: [
        { label: 'Give it back…', action: { type: 'release-unit', service: id } },
        { label: 'See the service', action: { type: 'go-to', page: `/services/${id}` } },
      ],
      cause,
      dismissible: false,
    })
  }
}
