import type { DeviceDefinition } from '#core/config/index.ts'
import type { Expression, Expressions } from '../expressions.ts'
import type { TopicFilter } from '../topic-filter.ts'

/** Longest name of a device, in characters. */
const longestId = 128

/** What a topic says of a device: it speaks, says whether it is there, or is spoken of by Sparkplug. */
export interface DeviceSource {
  readonly family: Family
  readonly what: 'data' | 'availability' | 'sparkplug'
  readonly filter: TopicFilter
  /** The level that names the device; -1: there is one device. */
  readonly level: number
}

/** A described family, compiled once. */
export interface Family {
  readonly definition: DeviceDefinition
  readonly availability: Expression | null
  readonly figures: readonly { readonly figure: DeviceDefinition['figures'][number]; readonly read: Expression }[]
}

export interface DeviceProblem {
  readonly device: string
  readonly path: string
  readonly message: string
  readonly remedy: string
}

const remedy = 'Correct the expression; docs/routes.md says what expressions can use.'

/** Compiles a description, with what is wrong in its expressions; a figure that is wrong is left out. */
export function compileFamily(definition: DeviceDefinition, expressions: Expressions) {
  const problems: DeviceProblem[] = []
  const compile = (text: string, path: string): Expression | null => {
    const compiled = expressions.key(text)
    if ('expression' in compiled) return compiled.expression
    problems.push({ device: definition.id, path, message: compiled.mistake.message, remedy })
    return null
  }
  const value = definition.online?.value ?? null
  const family: Family = {
    definition,
    availability: value === null ? null : compile(value, 'online.value'),
    figures: definition.figures.flatMap((figure) => {
      const read = compile(figure.value, `figures.${figure.name}`)
      return read ? [{ figure, read }] : []
    }),
  }
  return { family, problems }
}

/** Where a family is heard. */
export function sourcesOf(family: Family): readonly DeviceSource[] {
  const { topics, online, sparkplug } = family.definition
  if (sparkplug !== null) {
    return [`spBv1.0/${sparkplug}/+/+`, `spBv1.0/${sparkplug}/+/+/+`].map((text) => ({
      ...sourceOf(family, 'sparkplug', text),
      level: 3,
    }))
  }
  return [
    ...(online ? [sourceOf(family, 'availability', online.topic)] : []),
    ...topics.map((topic) => sourceOf(family, 'data', topic)),
  ]
}

function sourceOf(family: Family, what: DeviceSource['what'], written: string): DeviceSource {
  const given = written.split('/')
  const levels = given.map((level) => (level === '{id}' ? '+' : level))
  return { family, what, level: given.indexOf('{id}'), filter: { text: levels.join('/'), levels, share: null } }
}

/** The device that a topic is about; null for one that cannot be a name. */
export function keyOf({ family, level, what }: DeviceSource, levels: readonly string[]): string | null {
  const { id } = family.definition
  if (level < 0) return id
  const name = what === 'sparkplug' ? levels.slice(level).join('/') : (levels[level] ?? '')
  return name === '' || name.length > longestId ? null : `${id}/${name}`
}
