/** The units of a duration as written in site.yaml, in milliseconds. */
const milliseconds: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Longest duration that is accepted: ten years. Beyond it a slip of the pen is likelier than an intention. */
const longest = 3650 * 86_400_000

/** Milliseconds of a duration such as `500ms`, `10s`, `5m`, `2h`, `1d` or `1.5h`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? []
  const factor = milliseconds[unit]
  if (amount === undefined || factor === undefined) return undefined
  const result = Math.round(Number(amount) * factor)
  return result <= longest ? result : undefined
}
