import { expect, test } from 'vitest'
import { copiesAmong, copiesKept, copiesToGiveUp, copyName } from './copies.ts'

const at = Date.UTC(2026, 0, 5, 8, 30, 0, 7)
const hour = 3_600_000

test('a copy says in its name what it is of, why and when, and is read back from it', () => {
  const name = copyName({ database: 'control', reason: 'before-upgrade', at })
  expect(name).toBe('control.before-upgrade.2026-01-05T08-30-00-007Z.db')
  expect(copiesAmong([name], at)).toEqual([{ database: 'control', reason: 'before-upgrade', at, file: name }])
})

test('other files in the folder are no copies, the newest copy comes first, and those of earlier versions still count', () => {
  const names = [0, 2, 1].map((days) =>
    copyName({ database: 'messages', reason: 'scheduled', at: at + days * 24 * hour }),
  )
  const copies = copiesAmong(
    [
      ...names,
      'notes.txt',
      'control.scheduled.2026-99-99T08-30-00-007Z.db',
      'control.because.2026-01-05T08-30-00-007Z.db',
      `${names[0]}-wal`,
    ],
    at + 48 * hour,
  )
  expect(copies.map((copy) => copy.at)).toEqual([at + 48 * hour, at + 24 * hour, at])
  expect(copiesAmong(['control.daily.2026-01-05T08-30-00-007Z.db'], at)).toMatchObject([{ reason: 'scheduled', at }])
})

test('of each database and reason the newest are kept, so that scheduled copies never push out the one from before an upgrade', () => {
  const scheduled = (database: 'control' | 'messages', count: number) =>
    Array.from({ length: count }, (_, n) => copyName({ database, reason: 'scheduled', at: at + n * hour }))
  const control = scheduled('control', copiesKept.scheduled + 2)
  const upgrade = copyName({ database: 'control', reason: 'before-upgrade', at: at - hour })
  const given = copiesToGiveUp(
    copiesAmong([...control, ...scheduled('messages', copiesKept.scheduled), upgrade], at + 24 * hour),
    at + 24 * hour,
  )
  expect(given.map(({ file }) => file).sort()).toEqual(control.slice(0, 2))
})

test('copies from the future, of a clock that was once set ahead, are the last to be used and the first to be given up', () => {
  const named = (hours: number) => copyName({ database: 'control', reason: 'scheduled', at: at + hours * hour })
  const ahead = [named(9_000), named(9_001)]
  const taken = [-2, -1, 0].map(named)
  const copies = copiesAmong([...ahead, ...taken], at)
  expect(copies.map(({ file }) => file)).toEqual([...taken.toReversed(), ...ahead.toReversed()])
  expect(copiesToGiveUp(copies, at).map(({ file }) => file)).toEqual([ahead[0]])
})
