import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Cause } from '#shared/vocabulary.ts'
import type { Console } from '../../src/main/console/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { openTestConsole } from '../support/test-console.ts'

// Random edits of a valid site.yaml: the console never stops, and never works half by one file and half by another.

const seed = Number(process.env.WHEELHOUSE_SEED ?? 20_261_127)
const edits = 60
const operator: Cause = { type: 'operator', via: 'browser' }
const valid = `wheelhouse: 1
site: lab
name: Lab
contact: { name: Office, phone: "204" }
services:
  api: { kind: external, title: API }
  desk: { kind: external, needs: { api: ready } }
  store: { kind: external }
routes:
  one: { from: a/#, to: [ { channel: one } ] }
  two:
    from: b/+/c
    limit: { rate: 5/s }
    to: [ { journal: 1d } ]
backup:
  keep: { daily: 7, weekly: 4 }
store: { control: 128MB }
recovery:
  again: { when: service.unhealthy, of: api, for: 30s, do: [ call-operator ] }
`
const folder = temporaryFolder()
const file = join(folder.path, 'site.yaml')
let console: Console

beforeAll(async () => {
  writeFileSync(file, valid)
  console = await openTestConsole(join(folder.path, 'home'))
  await console.openInitial({ site: folder.path, otherwise: 'none', start: false })
}, 60_000)

afterAll(async () => {
  await console.close({ services: 'stop' })
  folder[Symbol.dispose]()
}, 60_000)

test(`${edits} random edits, parts that refuse now and then (seed ${seed})`, async () => {
  const { site } = console
  if (!site) throw new Error('A site is open.')
  const random = randomOf(seed)
  const refuse = vi.spyOn(site.messaging, 'configure')
  const outcomes = { used: 0, refused: 0, undone: 0 }
  for (let n = 0; n < edits; n++) {
    const text = edited(random() < 0.5 ? valid : readFileSync(file, 'utf8'), random)
    writeFileSync(file, text)
    const before = site.definition()
    const refuses = random() < 0.15
    if (refuses) refuse.mockRejectedValueOnce(new Error('no room'))
    const answer = await site.reload(operator).catch((error: { problem?: { code: string } }) => error.problem?.code)
    refuse.mockReset()
    const asked = console.state.slice('site').get('site')?.trust
    if (asked) await site.config.trust(asked.fingerprint, operator)
    const now = site.definition()
    const what = `edit ${n} of seed ${seed}:\n${text}`
    const sha256 = createHash('sha256').update(text).digest('hex')
    if (answer === 'config-undone') outcomes.undone++
    else if (now?.source.sha256 === sha256) outcomes.used++
    else outcomes.refused++
    if (now?.source.sha256 !== sha256) expect(now, what).toBe(before)
    if (!now) continue
    // Each part by itself: what it works by is the definition in use, all of it and nothing else.
    expect(Object.keys(console.state.slice('services').all()).sort(), what).toEqual(Object.keys(now.services).sort())
    const routes = now.parts.router === false ? [] : Object.keys(now.routes)
    expect(Object.keys(console.state.slice('routes').all()).sort(), what).toEqual(routes.sort())
    expect(site.store.limits, what).toEqual(now.store)
  }
  expect(outcomes.used, 'some edits leave the file valid').toBeGreaterThan(3)
  expect(outcomes.refused, 'some do not').toBeGreaterThan(3)
  expect(outcomes.undone, 'and some are refused by a part').toBeGreaterThan(0)
  writeFileSync(file, valid)
  expect(await site.reload(operator)).toEqual({ valid: true })
}, 180_000)

/** One edit as a person, an editor or a full disk makes it. */
function edited(text: string, random: () => number): string {
  const lines = text.split('\n')
  const pick = () => Math.floor(random() * lines.length)
  const at = pick()
  const line = lines[at] ?? ''
  switch (Math.floor(random() * 9)) {
    case 0:
      return lines.toSpliced(at, 1).join('\n')
    case 1:
      return lines.toSpliced(at, 0, line).join('\n')
    case 2:
      return lines.with(at, lines[pick()] ?? '').join('\n')
    case 3:
      return text.slice(0, Math.floor(random() * text.length))
    case 4:
      return lines
        .with(
          at,
          line.replace(/\d+/, (digits) => String(Number(digits) + 1 + Math.floor(random() * 5))),
        )
        .join('\n')
    case 5:
      return text.replace(/daily: \d+/, `daily: ${Math.floor(random() * 30)}`)
    case 6:
      return text.replace(/control: \d+MB/, `control: ${64 + Math.floor(random() * 900)}MB`)
    case 7:
      return text.replace(
        'routes:\n',
        `routes:\n  r${Math.floor(random() * 1e6)}: { from: x/#, to: [ { channel: c } ] }\n`,
      )
    default:
      return lines
        .with(
          at,
          line.replace(/[a-z]/, () => String.fromCharCode(97 + Math.floor(random() * 26))),
        )
        .join('\n')
  }
}

/** Numbers in [0, 1) that a seed repeats (mulberry32). */
function randomOf(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
