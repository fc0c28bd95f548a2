import { parse } from 'yaml'
import { childOf, isMap, merge } from './documents.ts'

/**
 * The policies that every site has unless it says otherwise, as they could stand in site.yaml. A site changes one by naming its id
 * (maps are merged, lists replaced) and switches it off with `ID: off`. Where there is nothing to act on they do nothing.
 */
export const shippedPolicies = `
reset-corrupt-state:
  title: Set corrupt state aside
  when: service.failed
  for: 15s
  do: [ { reset-corrupt: [ "data/state/\${service}" ] } ]
  per-day: 4
restart-unhealthy:
  title: Restart what stays unhealthy
  when: service.unhealthy
  for: 2m
  do: [ restart, restart-with-dependents, call-operator ]
  backoff: { first: 1m, factor: 2, cap: 10m }
  per-day: 8
  cool-down: 15m
clear-caches:
  title: Clear caches when memory runs short
  machine: memory > 92
  for: 1m
  do: [ { clear-cache: [ data/cache ] } ]
  per-day: 6
  cool-down: 30m
recover-site:
  title: Recover the whole site
  when: site.failing
  for: 5m
  do: [ recover-site, call-operator ]
  backoff: { first: 5m, factor: 2, cap: 20m }
  per-day: 3
  cool-down: 1h
`

const shipped: unknown = parse(shippedPolicies)

export function isShipped(id: string): boolean {
  return isMap(shipped) && Object.hasOwn(shipped, id)
}

const conditionKeys = ['when', 'metric', 'machine', 'event']

/**
 * The document with the shipped policies below what it says itself, its own first, and `ID: off` written out. A document whose
 * `recovery` is no map is left as it is, for the schema to refuse.
 */
export function withShippedPolicies(document: unknown): unknown {
  if (!isMap(document) || !isMap(shipped)) return document
  const given = document.recovery ?? {}
  if (!isMap(given)) return document
  const own = Object.entries(given).map(([id, entry]) => [id, withShipped(id, writtenOut(entry))] as const)
  const rest = Object.entries(shipped).filter(([id]) => !Object.hasOwn(given, id))
  return { ...document, recovery: Object.fromEntries([...own, ...rest]) }
}

function writtenOut(entry: unknown): unknown {
  if (entry === 'off' || entry === false) return { on: false }
  return entry === 'on' || entry === true ? { on: true } : entry
}

/** Another condition replaces the shipped one instead of standing beside it. */
function withShipped(id: string, entry: unknown): unknown {
  const base = isShipped(id) ? childOf(shipped, id) : undefined
  if (base === undefined || !isMap(base) || !isMap(entry)) return entry
  const other = conditionKeys.some((key) => Object.hasOwn(entry, key))
  const kept = other ? Object.fromEntries(Object.entries(base).filter(([key]) => !conditionKeys.includes(key))) : base
  return merge(kept, entry)
}
