import { childOf, isMap } from './documents.ts'
import { parseDuration } from './duration.ts'
import { nearest } from './nearest.ts'
import { type Fault, inWords } from './problem-report.ts'
import { settingCheck } from './setting-check.ts'
import type { SettingEntry } from './setting-schema.ts'
import { parseSize } from './size.ts'

/** Sections in whose texts `${settings.NAME}` stands for a value of the site's own. */
const filled = ['services', 'dependencies', 'checks']
/** Below these keys a value stays a text, whatever kind it is. */
const alwaysText = new Set(['env', 'run', 'command', 'headers'])

/**
 * The document with each `${settings.NAME}` in its services, dependencies and checks replaced by the value. A text that is nothing but one
 * reference becomes a number or a switch where the setting is one. References to settings that there are not stay, and are told as such.
 */
export function withSettings(document: unknown): unknown {
  const settings = childOf(document, 'settings')
  if (!isMap(document) || !isMap(settings) || Object.keys(settings).length === 0) return document
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [
      key,
      filled.includes(key) ? replaced(value, settings, false) : value,
    ]),
  )
}

const reference = /\$\$\{|\$\{\s*settings\.([^}\s]+)\s*\}/g

function replaced(value: unknown, settings: Readonly<Record<string, unknown>>, asText: boolean): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => replaced(item, settings, asText))
  if (isMap(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, replaced(inner, settings, asText || alwaysText.has(key))]),
    )
  }
  if (typeof value !== 'string' || !value.includes('settings.')) return value
  const [, whole] = /^\$\{\s*settings\.([^}\s]+)\s*\}$/.exec(value) ?? []
  if (whole !== undefined && !asText && Object.hasOwn(settings, whole)) return settingValue(settings[whole]) ?? ''
  return value.replaceAll(reference, (written: string, name: string | undefined) =>
    name !== undefined && Object.hasOwn(settings, name) ? String(settingValue(settings[name]) ?? '') : written,
  )
}

function settingValue(setting: unknown): string | number | boolean | undefined {
  const value = childOf(setting, 'value')
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined
}

/** What is wrong with the values of a site's own. */
export function settingFaults(settings: Readonly<Record<string, SettingEntry>>): readonly Fault[] {
  return Object.entries(settings).flatMap(([id, setting]) => {
    const path = ['settings', id]
    const rule = ruleFault(id, setting)
    if (rule) return [{ ...rule, path: [...path, ...rule.path] }]
    const { value, description } = setting
    const about = description === undefined ? '' : ` It is: ${description}`
    if (value === undefined || value === '') {
      if (!setting.required) return []
      const message = `settings.${id} has no value, and must have one.${about}`
      const remedy = `Add \`value\`, or give it with \`WHEELHOUSE_SITE__settings__${id.replaceAll('-', '_')}__value\`.`
      return [{ code: 'value-missing', path, at: 'key' as const, message, remedy }]
    }
    const wanted = wantedOf(setting, value)
    if (wanted === null) return checkFaults(id, setting, value)
    const message = `settings.${id} is ${inWords(value)}, but must be ${wanted.what}.${about}`
    const near = typeof value === 'string' ? nearest(value, wanted.choices.map(String)) : undefined
    const remedy = near === undefined ? `Write ${wanted.what}.` : `Write \`${near}\`, if that is what was meant.`
    return [{ code: wanted.code, path: [...path, 'value'], message, remedy }]
  })
}

/** A value that is what it must be, but does not meet the site's own condition. A reference to a secret is not looked into. */
function checkFaults(
  id: string,
  { type, check, says }: SettingEntry,
  value: string | number | boolean,
): readonly Fault[] {
  const reading = check === undefined || String(value).includes('${') ? null : settingCheck(check, type)
  if (!reading?.ok) return []
  const path = ['settings', id, 'value']
  try {
    if (reading.check.meets(value)) return []
    const message = `settings.${id} is ${inWords(value)}. ${says ?? `\`${check}\` must hold for it.`}`
    return [{ code: 'value-refused', path, message, remedy: `Write a value for which \`${check}\` holds.` }]
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const message = `settings.${id} is ${inWords(value)}, and whether \`${check}\` holds for it cannot be said: ${why}.`
    return [{ code: 'value-refused', path, message, remedy: 'Correct the value, or the condition.' }]
  }
}

/** A rule that cannot be kept at all. */
function ruleFault(id: string, setting: SettingEntry): Fault | null {
  const { type, from, to, pattern, check, says } = setting
  const isNumber = type === 'number' || type === 'whole'
  const bound = from === undefined ? 'to' : 'from'
  if (!isNumber && (from !== undefined || to !== undefined)) {
    const message = `settings.${id} has \`${bound}\`, which only a \`number\` and a \`whole\` may have.`
    return { code: 'setting-rule', path: [bound], at: 'key', message, remedy: 'Remove it, or write `type: number`.' }
  }
  if (from !== undefined && to !== undefined && from > to) {
    const message = `settings.${id} must be at least ${from} and at most ${to}, which no number is.`
    return { code: 'setting-rule', path: ['from'], message, remedy: 'Write the smaller one as `from`.' }
  }
  if (says !== undefined && check === undefined) {
    const message = `settings.${id} has \`says\`, which belongs to a \`check\`.`
    return { code: 'setting-rule', path: ['says'], at: 'key', message, remedy: 'Remove it, or write `check` too.' }
  }
  const reading = check === undefined ? null : settingCheck(check, type)
  if (reading && !reading.ok) {
    const message = `settings.${id}.check is ${inWords(check)}, which is no condition: ${reading.why}.`
    return { code: 'setting-rule', path: ['check'], message, remedy: 'Write it like `value % 2 == 0`.' }
  }
  if (pattern === undefined) return null
  if (type !== 'text') {
    const message = `settings.${id} has \`pattern\`, which only a \`text\` may have.`
    return { code: 'setting-rule', path: ['pattern'], at: 'key', message, remedy: 'Remove it, or write `type: text`.' }
  }
  try {
    new RegExp(pattern, 'u')
    return null
  } catch {
    const message = `settings.${id}.pattern is ${inWords(pattern)}, which is no regular expression.`
    return { code: 'setting-rule', path: ['pattern'], message, remedy: 'Correct it; `\\d{3}` means three digits.' }
  }
}

interface Wanted {
  readonly code: string
  /** The end of "must be …". */
  readonly what: string
  readonly choices: readonly (string | number | boolean)[]
}

/** What the value must be and is not; null when it is. */
function wantedOf(
  { type, from, to, pattern, 'one-of': choices }: SettingEntry,
  value: string | number | boolean,
): Wanted | null {
  const wrong = (code: string, what: string): Wanted => ({ code, what, choices: [] })
  if (choices && !choices.some((choice) => String(choice) === String(value))) {
    const what = `one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`
    return { code: 'value-unknown', what, choices }
  }
  switch (type) {
    case 'text':
      if (typeof value === 'boolean') return wrong('value-wrong-type', 'a text, in quotes')
      if (pattern === undefined || new RegExp(`^(?:${pattern})$`, 'u').test(String(value))) return null
      return wrong('value-wrong', `a text that matches \`${pattern}\``)
    case 'number':
    case 'whole': {
      const range = [from === undefined ? '' : ` from ${from}`, to === undefined ? '' : ` to ${to}`].join('')
      const what = `${type === 'whole' ? 'a whole number' : 'a number'}${range}`
      if (typeof value !== 'number' || (type === 'whole' && !Number.isInteger(value)))
        return wrong('value-wrong-type', what)
      const isWithin = (from === undefined || value >= from) && (to === undefined || value <= to)
      return isWithin ? null : wrong('number-out-of-range', what)
    }
    case 'switch':
      return typeof value === 'boolean' || value === 'on' || value === 'off'
        ? null
        : wrong('value-wrong-type', '`on` or `off`')
    case 'duration':
      return typeof value === 'string' && parseDuration(value) !== undefined
        ? null
        : wrong('duration-bad', 'a duration such as `500ms`, `10s`, `5m`')
    case 'size':
      return typeof value === 'string' && parseSize(value) !== undefined
        ? null
        : wrong('size-bad', 'a size such as `256MB`')
  }
}
