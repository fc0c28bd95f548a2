import type { ServiceDefinition, SiteDefinition } from '#core/config/index.ts'
import type { Clock, Logger, Runtime } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { PushedView } from '#shared/contract/state.ts'
import type { Health } from '#shared/vocabulary.ts'
import type { PushedFacts } from '../types.ts'
import type { BrokerLogin, PushingService } from './intake-protocol.ts'
import { PushIntake } from './push-intake.ts'
import { type Figures, Pushes } from './pushes.ts'

export interface PushesOptions {
  /** The site's `.wheelhouse` folder. */
  readonly folder: string
  /** What the tokens of services are made from. */
  readonly secret: string
  readonly state: Slice<PushedView>
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
}

/** What the services of a site push of themselves: the way in, and the last of it. */
export interface SitePushes extends AsyncDisposable {
  readonly figures: Figures
  factsOf(service: string): PushedFacts
  /** Forgets what a service said, because it is started anew. */
  forget(service: string): void
  /** What a service is told in its environment, so that it can push. */
  environmentOf(service: string): Readonly<Record<string, string>>
  /** Told whenever a service calls itself something. */
  onHealth(listener: (service: string, health: Health, sentence: string) => void): Disposable
  /** Takes over who may push, where the site's broker is, and as whom to connect to it. Resolves when pushes are taken. */
  configure(services: readonly PushingService[], broker: string | null, login?: BrokerLogin): Promise<void>
}

/** Opens the pushes of a site. Nothing listens until a service may push. */
export function openPushes({ folder, secret, state, runtime, clock, logger }: PushesOptions): SitePushes {
  const pushes = new Pushes({ clock, state, logger })
  const intake = new PushIntake({ folder, secret, pushes, runtime, clock, logger })
  return {
    figures: pushes,
    factsOf: (service) => pushes.factsOf(service),
    forget: (service) => intake.started(service),
    environmentOf: (service) => intake.environmentOf(service),
    onHealth: (listener) =>
      pushes.onChanged((service) => {
        const latest = pushes.factsOf(service).latest()
        if (latest?.health) listener(service, latest.health, says(latest.health, latest.sentence))
      }),
    configure: (services, broker, login) => intake.configure(services, broker, login ?? null),
    async [Symbol.asyncDispose]() {
      await intake[Symbol.asyncDispose]()
      pushes[Symbol.dispose]()
    },
  }
}

/** The services of a definition that may push. */
export function pushingServices({ services }: SiteDefinition): readonly PushingService[] {
  return Object.values(services).flatMap(({ id, push, enabled }: ServiceDefinition) =>
    push === null || !enabled ? [] : [{ id, http: push !== 'mqtt', mqtt: push !== 'http' }],
  )
}

function says(health: Health, sentence: string | null): string {
  return sentence === null ? `It calls itself ${health}.` : `It says: ${sentence.replace(/\.$/, '')}.`
}
