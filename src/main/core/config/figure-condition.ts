import { Environment } from '@marcbachmann/cel-js'
import { celLimits, celNames, celReason, registerMixedArithmetic } from './cel.ts'

/** A condition over the figures that a service pushes, such as `fps > 20 && dropped < 5`. */
export interface FigureCondition {
  /** The figures that it looks at, in order. */
  readonly figures: readonly string[]
  /** Whether these figures meet it. Throws a sentence when they do not say. */
  holds(figures: Readonly<Record<string, number>>): boolean
}

export type FigureConditionReading =
  | { readonly ok: true; readonly condition: FigureCondition }
  /** Why it cannot be used, as the end of a sentence. */
  | { readonly ok: false; readonly why: string }

/** Longest condition, in characters. */
const longest = 1_000

/** Reads a condition in CEL. Figures are numbers; every other name is an unknown one. */
export function figureCondition(text: string): FigureConditionReading {
  if (text.length > longest) return { ok: false, why: `it is longer than ${longest} characters` }
  try {
    const parsed = environment().parse(text)
    const checked = parsed.check()
    if (!checked.valid) return { ok: false, why: celReason(checked.error) }
    if (checked.type !== 'bool' && checked.type !== 'dyn') {
      return { ok: false, why: `it gives ${checked.type ?? 'something'}, not true or false` }
    }
    const figures = [...new Set(celNames(parsed.ast))]
    if (figures.length === 0) return { ok: false, why: 'it looks at no figure' }
    return { ok: true, condition: { figures, holds: (values) => heldBy(parsed, values) } }
  } catch (error) {
    return { ok: false, why: celReason(error) }
  }
}

function heldBy(
  parsed: (values: Record<string, number>) => unknown,
  values: Readonly<Record<string, number>>,
): boolean {
  try {
    const held = parsed({ ...values })
    if (typeof held === 'boolean') return held
    throw new Error('the condition gives neither true nor false')
  } catch (error) {
    throw new Error(celReason(error))
  }
}

function environment(): Environment {
  const made = new Environment({ unlistedVariablesAreDyn: true, limits: celLimits })
  registerMixedArithmetic(made)
  return made
}
