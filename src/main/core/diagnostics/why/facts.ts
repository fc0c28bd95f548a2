import type { DeviceView } from '#shared/contract/devices.ts'
import type { ShownSlices } from '#shared/contract/each-slice.ts'
import type { EventRecord } from '#shared/vocabulary.ts'

/** The shown state that an answer rests on: every slice but the machine's histories, as they are at one moment. */
export type ShownFacts = ShownSlices

/** What the definition in use says beyond the shown state. */
export interface DefinitionFacts {
  /** Services that are switched off in site.yaml. */
  readonly disabled: readonly string[]
  /** The service that is the embedded broker; null when another broker is used, or none. */
  readonly broker: string | null
}

/** Everything that `why` may rest on: data, fetched beforehand. */
export interface WhyFacts {
  /** Wall-clock milliseconds. */
  readonly now: number
  /** IANA name of the zone that times are told in. */
  readonly zone: string
  readonly shown: ShownFacts
  readonly definition: DefinitionFacts
  /** The device that is asked about, when it is known. */
  readonly device?: DeviceView | null
  /** The newest events of a subject, newest first. */
  readonly histories: ReadonlyMap<string, readonly EventRecord[]>
  /** The causes of an event by its id: itself first, the first of all last. */
  readonly chains: ReadonlyMap<string, readonly EventRecord[]>
  /** The last lines that a service wrote, oldest first. */
  readonly logs: ReadonlyMap<string, readonly string[]>
}

/** So many events of a subject are read: a service that exits again and again writes four for each exit. */
export const historyLength = 80

/** Which of the facts beyond the shown state have to be fetched for a subject. */
export interface NeededFacts {
  readonly histories: readonly string[]
  /** Ids of events whose causes are needed, besides those of the newest event of each history. */
  readonly chains: readonly string[]
  readonly logs: readonly string[]
}

/** The newest events of a subject, newest first. */
export function historyOf({ histories }: WhyFacts, subject: string): readonly EventRecord[] {
  return histories.get(subject) ?? []
}

/** The causes of an event, itself first; empty when it is not recorded, or not any more. */
export function chainOf({ chains }: WhyFacts, event: string | null): readonly EventRecord[] {
  return event === null ? [] : (chains.get(event) ?? [])
}
