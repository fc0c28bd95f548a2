/** The kinds of event that this part records, with the subject `service:<id>`. */
export const unitEvents = {
  /** The unit is stopped and disabled, and the console runs the service. */
  adopted: 'unit.adopted',
  /** The unit has its service back, because somebody ordered it. */
  released: 'unit.released',
  /** The unit has its service back by itself: the adoption failed, or the console ended in the middle. */
  givenBack: 'unit.given-back',
  /** Neither could be done: the unit is not as it was, and the console does not run the service. */
  stuck: 'unit.stuck',
  /** The unit runs although the console runs the service, or is to; and no longer. */
  besideBegan: 'unit.ran-beside',
  besideEnded: 'unit.stopped-beside',
} as const

/** Id of the card about a handing over that did not succeed. */
export function handOverCardOf(service: string): string {
  return `unit-handover:${service}`
}

/** Id of the card that says that systemd runs what the console runs. */
export function besideCardOf(service: string): string {
  return `unit-beside:${service}`
}
