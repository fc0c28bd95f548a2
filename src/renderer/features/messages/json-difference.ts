/** One place at which two JSON documents differ. */
export interface Difference {
  /** As in `sensors[2].battery`; empty for the document as a whole. */
  readonly path: string
  /** Values as JSON; null: not there. */
  readonly before: string | null
  readonly after: string | null
}

/** Most differences that are told, and how deep they are looked for; a part that lies deeper is compared as a whole. */
const mostDifferences = 200
const deepest = 32

/** Where two payloads differ, in the order of the newer one; null when one of them is no JSON. `more` were not told. */
export function jsonDifference(
  before: string,
  after: string,
): { readonly differences: readonly Difference[]; readonly more: number } | null {
  let documents: { readonly before: unknown; readonly after: unknown }
  try {
    documents = { before: JSON.parse(before), after: JSON.parse(after) }
  } catch {
    return null
  }
  const differences: Difference[] = []
  let more = 0
  const tell = (path: string, old: unknown, now: unknown) => {
    if (differences.length >= mostDifferences) more++
    else differences.push({ path, before: told(old), after: told(now) })
  }
  const compare = (path: string, old: unknown, now: unknown, depth: number) => {
    if (Object.is(old, now)) return
    if (depth < deepest && Array.isArray(old) && Array.isArray(now)) {
      for (let index = 0; index < Math.max(old.length, now.length); index++) {
        const at = `${path}[${index}]`
        if (index >= old.length) tell(at, absent, now[index])
        else if (index >= now.length) tell(at, old[index], absent)
        else compare(at, old[index], now[index], depth + 1)
      }
      return
    }
    if (depth < deepest && isObject(old) && isObject(now)) {
      for (const key of new Set([...Object.keys(now), ...Object.keys(old)])) {
        const at = pathTo(path, key)
        if (!Object.hasOwn(old, key)) tell(at, absent, now[key])
        else if (!Object.hasOwn(now, key)) tell(at, old[key], absent)
        else compare(at, old[key], now[key], depth + 1)
      }
      return
    }
    if (typeof old === 'object' && typeof now === 'object' && JSON.stringify(old) === JSON.stringify(now)) return
    tell(path, old, now)
  }
  compare('', documents.before, documents.after, 0)
  return { differences, more }
}

const absent = Symbol('not there')

function told(value: unknown): string | null {
  return value === absent ? null : JSON.stringify(value)
}

function pathTo(path: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
