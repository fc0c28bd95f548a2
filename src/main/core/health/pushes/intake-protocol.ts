import type { Push } from './push-document.ts'

/** What the thread that takes pushes is started with. */
export interface IntakeSettings {
  /** Port on loopback; 0 lets the system choose, which it also does when the port is taken. */
  readonly port: number
  /** From this each service's token is made. */
  readonly secret: string
}

/** A service that may push, and by which ways. */
export interface PushingService {
  readonly id: string
  readonly http: boolean
  readonly mqtt: boolean
}

/** As whom the console connects to the site's broker. */
export interface BrokerLogin {
  readonly user: string
  readonly password: string
}

export type ToIntake =
  | {
      readonly type: 'configure'
      readonly services: readonly PushingService[]
      readonly broker: string | null
      readonly login: BrokerLogin | null
      /** How often each service was started anew. */
      readonly starts: Readonly<Record<string, number>>
    }
  /** A service is started anew: what came of it before is given up. */
  | { readonly type: 'started'; readonly service: string; readonly starts: number }
  | { readonly type: 'stop' }

/** A push, and after how many starts of its service it came. */
export interface PushOfStart {
  readonly service: string
  readonly push: Push
  readonly starts: number
}

export type FromIntake =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'failed'; readonly reason: string }
  /** At most four times a second: the pushes of each service put together, and what was not taken. */
  | {
      readonly type: 'pushed'
      readonly pushes: readonly PushOfStart[]
      readonly refused: readonly { readonly service: string; readonly why: string; readonly count: number }[]
    }

/** The topic on which a service pushes. */
export function pushTopic(service: string): string {
  return `wheelhouse/services/${service}/push`
}

/** The service of such a topic; null for any other topic. */
export function serviceOfTopic(topic: string): string | null {
  return /^wheelhouse\/services\/([a-z][a-z0-9-]*)\/push$/.exec(topic.slice(0, 200))?.[1] ?? null
}
