import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { finishMoving, moveTogether } from './move-together.ts'

function places(folder: string) {
  const at = (name: string) => join(folder, name)
  mkdirSync(at('state'), { mode: 0o750 })
  writeFileSync(at('state/notes'), 'state')
  writeFileSync(at('file'), 'file')
  const moves = [
    { from: at('state'), to: at('aside/state'), remake: 0o750 },
    { from: at('file'), to: at('aside/file'), remake: null },
  ]
  return { at, moves, read: (name: string) => readFileSync(at(name), 'utf8') }
}

test('all of it is moved, and a folder that is to be there is made anew with its rights', async () => {
  using folder = temporaryFolder()
  const { at, moves, read } = places(folder.path)
  await moveTogether(moves)
  expect([read('aside/state/notes'), read('aside/file')]).toEqual(['state', 'file'])
  expect(existsSync(at('file'))).toBe(false)
  expect(statSync(at('state')).mode & 0o777).toBe(0o750)
})

test('when one cannot be moved, those before it are moved back', async () => {
  using folder = temporaryFolder()
  const { at, moves, read } = places(folder.path)
  mkdirSync(at('aside/file/in-the-way'), { recursive: true })
  await expect(moveTogether(moves)).rejects.toMatchObject({
    problem: { code: 'not-moved', message: expect.stringContaining('Everything is where it was') },
  })
  expect([read('state/notes'), read('file')]).toEqual(['state', 'file'])
  expect(existsSync(at('aside/state'))).toBe(false)
})

test('what could not be moved back either is told with the place where it lies, and nothing is overwritten', async () => {
  using folder = temporaryFolder()
  const { at, moves, read } = places(folder.path)
  mkdirSync(at('aside/file/in-the-way'), { recursive: true })
  const onMoved = () => {
    mkdirSync(at('state'))
    writeFileSync(at('state/new'), 'written meanwhile')
  }
  const lie = [{ from: at('state'), to: at('aside/state') }]
  await expect(
    moveTogether([{ ...moves[0], remake: null } as never, ...moves.slice(1)], onMoved),
  ).rejects.toMatchObject({
    problem: { code: 'half-moved', params: { lie } },
  })
  expect([read('state/new'), read('aside/state/notes'), read('file')]).toEqual(['written meanwhile', 'state', 'file'])
})

test('what was cut off is finished, once or several times', async () => {
  using folder = temporaryFolder()
  const { at, moves, read } = places(folder.path)
  await moveTogether(moves.slice(0, 1))
  await finishMoving(moves)
  await finishMoving(moves)
  expect([read('aside/state/notes'), read('aside/file')]).toEqual(['state', 'file'])
  expect([existsSync(at('state')), existsSync(at('file'))]).toEqual([true, false])
})
