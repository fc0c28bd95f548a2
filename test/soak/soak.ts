/** What `test/soak/<name>.ts` exports as its default: a proof that takes longer than a test may. */
export interface Soak {
  /** One sentence: what is done how often, and what must hold. */
  readonly what: string
  /** Rounds when none are asked for. */
  readonly rounds: number
  /** Its scenarios by name, where it has some: each can be taken alone, so that hours can be had in parts. */
  readonly scenarios?: readonly string[]
  /** Whether a share of its runs can be taken alone. */
  readonly hasParts?: true
  run(context: SoakContext): Promise<SoakResult>
}

export interface SoakContext {
  readonly rounds: number
  /** Repeats the choices, as far as processes and threads can be repeated. */
  readonly seed: number
  /** A folder for this run alone, removed afterwards. */
  readonly folder: string
  /** Those of its scenarios that are asked for. */
  readonly scenarios: readonly string[]
  /** Which share of a scenario's runs, from 1, of so many shares: all shares together are the whole. */
  readonly part: { readonly at: number; readonly of: number }
  /** Says how far it has come. */
  note(line: string): void
}

export interface SoakResult {
  /** What was done, in one line of figures. */
  readonly figures: string
  /** The same as counts that can be added up over runs, by what was counted; for soaks that are taken a little at a time. */
  readonly counts?: Readonly<Record<string, number>>
  /** What did not hold; empty when all did. */
  readonly problems: readonly string[]
}
