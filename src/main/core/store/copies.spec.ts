import { expect, test } from 'vitest'
import { copiesAmong, copiesToGiveUp, copyName } from './copies.ts'

const at = Date.UTC(2026, 0, 5, 8, 30, 0, 7)

test('a copy says in its name what it is of, why and when, and is read back from it', () => {
  const name = copyName({ database: 'control', reason: 'before-upgrade', at })
  expect(name).toBe('control.before-upgrade.2026-01-05T08-30-00-007Z.db')
  expect(copiesAmong([name])).toEqual([{ database: 'control', reason: 'before-upgrade', at, file: name }])
})

test('other files in the folder are no copies, and the newest copy comes first', () => {
  const names = [0, 2, 1].map((days) => copyName({ database: 'messages', reason: 'daily', at: at + days * 86_400_000 }))
  const copies = copiesAmong([...names, 'notes.txt', 'control.daily.2026-99-99T08-30-00-007Z.db', `${names[0]}-wal`])
  expect(copies.map((copy) => copy.at)).toEqual([at + 2 * 86_400_000, at + 86_400_000, at])
})

test('of each database and reason the two newest are kept, so that daily copies never push out the one from before an upgrade', () => {
  const names = [1, 2, 3].flatMap((hour) => [
    copyName({ database: 'control', reason: 'daily', at: at + hour * 3_600_000 }),
    copyName({ database: 'messages', reason: 'daily', at: at + hour * 3_600_000 }),
  ])
  const upgrade = copyName({ database: 'control', reason: 'before-upgrade', at })
  const given = copiesToGiveUp(copiesAmong([...names, upgrade]))
  expect(given.map(({ file }) => file).sort()).toEqual([names[0], names[1]])
})
