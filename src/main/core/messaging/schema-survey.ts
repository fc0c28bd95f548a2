/** Schemas within schemas, and everything else in one, counted together. */
const mostNodes = 5_000

/** Longest list in which equal elements may be looked for: each is compared with each. */
const mostUnique = 500

/** What in a schema could let everything through, take too long or never end, the middle of a sentence; undefined when nothing. */
export function troubleIn(schema: unknown): string | undefined {
  let nodes = 0
  const look = (value: unknown, above: readonly unknown[]): string | undefined => {
    if (typeof value !== 'object' || value === null) return undefined
    if (above.includes(value)) return 'it contains itself; refer to it with `$ref` instead'
    if (++nodes > mostNodes) return `it has more than ${mostNodes} parts`
    if (!Array.isArray(value)) {
      const own = troubleAt(value)
      if (own !== undefined) return own
    }
    for (const part of Object.values(value)) {
      const inner = look(part, [...above, value])
      if (inner !== undefined) return inner
    }
    return undefined
  }
  return look(schema, [])
}

function troubleAt(value: object): string | undefined {
  for (const key of ['$async', '__proto__']) if (Object.hasOwn(value, key)) return `\`${key}\` is not used here`
  if (!('uniqueItems' in value) || value.uniqueItems !== true) return undefined
  const most = 'maxItems' in value ? value.maxItems : undefined
  if (typeof most === 'number' && most <= mostUnique) return undefined
  return `\`uniqueItems\` needs a \`maxItems\` of at most ${mostUnique} beside it, as each element is compared with each`
}
