import { isDeepStrictEqual } from 'node:util'
import type { SiteDefinition } from './types.ts'

/** A section of the configuration, by its key in the definition. */
export type Section = Exclude<keyof SiteDefinition, 'source'>

/** A part that works by sections of the configuration. */
export interface SectionReader {
  /** How sentences call it: `messaging`. */
  readonly part: string
  readonly sections: readonly Section[] | 'all'
  /** Takes the sections over. What it throws makes the whole change be undone. */
  apply(definition: SiteDefinition): void | Promise<void>
}

/** What became of a change. */
export type Applied =
  | { readonly ok: true; readonly parts: readonly string[] }
  | {
      readonly ok: false
      readonly part: string
      readonly error: unknown
      /** Parts that did not take the earlier configuration back either. */
      readonly notUndone: readonly string[]
    }

/** Hands a change of the configuration to the parts that read what changed, in the order in which they were added. */
export class SectionReaders {
  readonly #readers: SectionReader[] = []

  /** Until this is disposed, the reader is told of its sections. */
  add(reader: SectionReader): Disposable {
    this.#readers.push(reader)
    return {
      [Symbol.dispose]: () => {
        const at = this.#readers.indexOf(reader)
        if (at >= 0) this.#readers.splice(at, 1)
      },
    }
  }

  /**
   * Applies what changed, and with `everything` also what did not. When a part refuses, those that had taken it and the part itself get
   * what was before; without a `before` there is nothing to go back to.
   */
  async apply(before: SiteDefinition | null, after: SiteDefinition, everything: boolean): Promise<Applied> {
    const concerned = this.#readers.filter(
      (reader) => everything || before === null || changedFor(reader, before, after),
    )
    const told: SectionReader[] = []
    for (const reader of concerned) {
      told.push(reader)
      try {
        await reader.apply(after)
      } catch (error) {
        const notUndone = before === null ? [] : await takeBack(told, before)
        return { ok: false, part: reader.part, error, notUndone }
      }
    }
    return { ok: true, parts: [...new Set(concerned.map(({ part }) => part))] }
  }
}

/** The sections that differ. */
export function changedSections(before: SiteDefinition, after: SiteDefinition): readonly Section[] {
  return sectionsOf(after).filter((section) => !isDeepStrictEqual(before[section], after[section]))
}

function changedFor({ sections }: SectionReader, before: SiteDefinition, after: SiteDefinition): boolean {
  return changedSections(before, after).some((section) => sections === 'all' || sections.includes(section))
}

function sectionsOf(definition: SiteDefinition): readonly Section[] {
  const isSection = (key: string): key is Section => key !== 'source' && Object.hasOwn(definition, key)
  return Object.keys(definition).filter(isSection)
}

async function takeBack(readers: readonly SectionReader[], before: SiteDefinition): Promise<readonly string[]> {
  const failed: string[] = []
  for (const reader of readers) {
    try {
      await reader.apply(before)
    } catch {
      failed.push(reader.part)
    }
  }
  return [...new Set(failed)]
}
