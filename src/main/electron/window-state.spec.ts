import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { placement, readWindowState, writeWindowState } from './window-state.ts'

const state = { x: 2_000, y: 100, width: 900, height: 600, maximized: false }
const left = { x: 0, y: 0, width: 1_920, height: 1_080 }
const right = { x: 1_920, y: 0, width: 1_920, height: 1_080 }

test('the window opens where it was', () => {
  expect(placement(state, [left, right])).toEqual({ x: 2_000, y: 100, width: 900, height: 600 })
})

test('a window whose display is gone keeps its size and is placed by the desktop', () => {
  expect(placement(state, [left])).toEqual({ width: 900, height: 600 })
  expect(placement({ ...state, x: 1_900 }, [left])).toEqual({ width: 900, height: 600 })
})

test('what is remembered is read back, and what cannot be used is as good as nothing', async () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'window.json')
  expect(readWindowState(file)).toBeUndefined()
  await writeWindowState(file, state)
  expect(readWindowState(file)).toEqual(state)
  for (const rubbish of ['', '{', '{"x":0}', JSON.stringify({ ...state, width: 1e9 })]) {
    writeFileSync(file, rubbish)
    expect(readWindowState(file)).toBeUndefined()
  }
})
