import { type SiteDefinition, type Variables, variablesOf } from '#core/config/index.ts'
import { ConsoleError } from '#shared/problem.ts'

/** The site as it is at this moment: asked anew at every start, because a deploy moves the release. */
export interface SiteNow {
  readonly definition: SiteDefinition
  readonly variables: Variables
}

/** The definition in use and the folders that go with it; one value that coordinator and supervisors share. */
export class CurrentSite {
  readonly #variablesNow: () => Promise<Variables>
  #definition: SiteDefinition | null = null
  #variables: Variables
  #looking: Promise<Variables> | undefined

  constructor(directory: string, variablesNow: () => Promise<Variables>) {
    this.#variablesNow = variablesNow
    this.#variables = variablesOf(directory, directory)
  }

  get definition(): SiteDefinition | null {
    return this.#definition
  }

  /** As last looked up. */
  get now(): SiteNow | null {
    return this.#definition && { definition: this.#definition, variables: this.#variables }
  }

  get variables(): Variables {
    return this.#variables
  }

  use(definition: SiteDefinition): void {
    this.#definition = definition
  }

  /** Looks up which release is in use at this moment. Throws `site-not-loaded` without a definition. */
  async refresh(): Promise<SiteNow> {
    // Shared by those that ask while one looks: ten services that start together are one look.
    this.#looking ??= this.#variablesNow().finally(() => {
      this.#looking = undefined
    })
    this.#variables = await this.#looking
    return { definition: loaded(this.#definition), variables: this.#variables }
  }
}

/** The definition, where there is one. Throws `site-not-loaded`. */
export function loaded(definition: SiteDefinition | null): SiteDefinition {
  if (definition) return definition
  throw new ConsoleError(
    'site-not-loaded',
    'The console does not know what to run: site.yaml could not be used, or has not been trusted yet.',
    'Put right what is shown about site.yaml, or look through the site and trust it.',
  )
}

/** Throws `service-unknown`. */
export function known(definition: SiteDefinition, service: string): void {
  if (Object.hasOwn(definition.services, service)) return
  throw new ConsoleError(
    'service-unknown',
    `There is no service ${service} in this site.`,
    `Its services are ${Object.keys(definition.services).sort().join(', ') || 'none'}.`,
    { params: { service } },
  )
}

/** The services that are started with the site. */
export function enabledIn(definition: SiteDefinition): readonly string[] {
  return Object.values(definition.services)
    .filter((service) => service.enabled)
    .map((service) => service.id)
}
