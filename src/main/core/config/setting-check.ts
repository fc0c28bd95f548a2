import { Environment } from '@marcbachmann/cel-js'
import { celLimits, celNames, celReason, isCelNode, registerMixedArithmetic } from './cel.ts'
import { parseDuration } from './duration.ts'
import type { SettingEntry } from './setting-schema.ts'
import { parseSize } from './size.ts'

/** A condition on a value of the site's own, parsed and checked once. */
export interface SettingCheck {
  /** Whether the value, which is of the setting's kind, meets it. Throws why that cannot be said, as the end of a sentence. */
  meets(value: string | number | boolean): boolean
}

export type SettingCheckReading =
  | { readonly ok: true; readonly check: SettingCheck }
  /** Why it cannot be used, as the end of a sentence. */
  | { readonly ok: false; readonly why: string }

const kinds: Readonly<Record<SettingEntry['type'], string>> = {
  text: 'string',
  number: 'double',
  whole: 'int',
  switch: 'bool',
  duration: 'int',
  size: 'int',
}

/**
 * Reads the `check` of a setting: a CEL condition over `value`. A duration is its milliseconds, a size its bytes. Texts are not matched with
 * regular expressions there: that is what `pattern` is for.
 */
export function settingCheck(text: string, type: SettingEntry['type']): SettingCheckReading {
  try {
    const environment = new Environment({ limits: celLimits }).registerVariable('value', kinds[type])
    registerMixedArithmetic(environment)
    const parsed = environment.parse(text)
    if (calls(parsed.ast, 'matches')) return bad('it has `matches()`: write `pattern` instead')
    const checked = parsed.check()
    if (!checked.valid) return bad(celReason(checked.error))
    if (checked.type !== 'bool') return bad(`it gives ${checked.type ?? 'something'}, not true or false`)
    if (!celNames(parsed.ast).includes('value')) return bad('it does not look at `value`')
    return { ok: true, check: { meets: (value) => met(parsed, inCel(value, type)) } }
  } catch (error) {
    return bad(celReason(error))
  }
}

function bad(why: string): SettingCheckReading {
  return { ok: false, why }
}

function met(parsed: (context: Record<string, unknown>) => unknown, value: unknown): boolean {
  try {
    return parsed({ value }) === true
  } catch (error) {
    throw new Error(celReason(error))
  }
}

function inCel(value: string | number | boolean, type: SettingEntry['type']): unknown {
  switch (type) {
    case 'text':
      return String(value)
    case 'number':
      return Number(value)
    case 'whole':
      return BigInt(value)
    case 'switch':
      return value === true || value === 'on'
    case 'duration':
      return BigInt(Math.round(parseDuration(String(value)) ?? 0))
    case 'size':
      return BigInt(Math.round(parseSize(String(value)) ?? 0))
  }
}

function calls(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some((part) => calls(part, name))
  if (!isCelNode(node)) return false
  return ((node.op === 'rcall' || node.op === 'call') && node.args[0] === name) || calls(node.args, name)
}
