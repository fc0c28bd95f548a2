import type { SlowStatement } from './types.ts'

/** From here on a statement counts as slow. Milliseconds. */
export const slowMs = 40
const mostNames = 20

/** The statements that took long, by name; of more than 20 the least bad is forgotten. */
export class SlowStatements {
  readonly #byName = new Map<string, SlowStatement>()

  /** `at` is wall-clock milliseconds. */
  add(name: string, ms: number, at: number): void {
    const known = this.#byName.get(name)
    const worstMs = Math.max(known?.worstMs ?? 0, ms)
    this.#byName.set(name, { name, count: (known?.count ?? 0) + 1, worstMs, lastMs: ms, lastAt: at })
    if (this.#byName.size <= mostNames) return
    // Never the newest: a list of very slow ones must not keep others from ever showing up.
    const others = this.worst().filter((statement) => statement.name !== name)
    this.#byName.delete(others.at(-1)?.name ?? name)
  }

  /** The slowest first. */
  worst(): readonly SlowStatement[] {
    return [...this.#byName.values()].sort((a, b) => b.worstMs - a.worstMs)
  }
}
