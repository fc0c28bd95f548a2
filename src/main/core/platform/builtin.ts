import type { Health } from '#shared/vocabulary.ts'

/** A service that runs inside the console, such as the embedded broker; supervised like any other. */
export interface Builtin {
  /** Rejects with a ConsoleError the operator can act on (`port-in-use` names who holds it). */
  start(context: BuiltinContext): Promise<RunningBuiltin>
}

export interface BuiltinContext {
  readonly service: string
  /** Ports as they are to be bound, by name. */
  readonly ports: Readonly<Record<string, number>>
  /** Address to bind to. */
  readonly bind: string
  /** The site's data folder. */
  readonly data: string
  /** Its environment as site.yaml gives it, secrets filled in. Never to be shown or logged. */
  readonly env: Readonly<Record<string, string>>
}

export interface RunningBuiltin {
  health(): { readonly health: Health; readonly sentence: string }
  /** Resolves when it ends unasked, with the reason. */
  readonly ended: Promise<string>
  stop(): Promise<void>
}
