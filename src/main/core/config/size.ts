/** The units of a size as written in site.yaml, in bytes. Powers of 1024, as technicians count memory and disks. */
const bytes: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 }

/** Bytes of a size such as `512B`, `64KB`, `16MB` or `1.5GB`; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(B|KB|MB|GB|TB)$/.exec(text) ?? []
  const factor = bytes[unit]
  if (amount === undefined || factor === undefined) return undefined
  const result = Math.round(Number(amount) * factor)
  return Number.isSafeInteger(result) ? result : undefined
}
