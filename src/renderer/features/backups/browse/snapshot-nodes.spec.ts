import { expect, test } from 'vitest'
import type { FileView } from '#shared/contract/index.ts'
import { type LoadedFolder, rowsOf, tickOf, withTick } from './snapshot-nodes.ts'

function entry(path: string, kind: FileView['kind'] = 'file'): FileView {
  const name = path.split('/').at(-1) ?? ''
  return { path, name, kind, bytes: 1, at: 0, mode: 0o644, owner: 'a:a', torn: false, target: null }
}

const folder = (entries: FileView[], total = entries.length): LoadedFolder => ({ entries, total, changes: null })

test('open folders show what is known of them, what is left, and what came since', () => {
  const change = {
    path: 'data/new',
    name: 'new',
    kind: 'file',
    what: 'added',
    added: 1,
    changed: 0,
    deleted: 0,
  } as const
  const data = {
    ...folder([entry('data/a')], 3),
    changes: { added: 1, changed: 0, deleted: 0, hidden: 0, entries: [change] },
  }
  const folders = new Map([
    ['', folder([entry('data', 'folder'), entry('logs', 'folder'), entry('site.yaml')])],
    ['data', data],
  ])
  const rows = rowsOf(folders, new Set(['data', 'logs']))
  expect(rows.map((row) => `${'  '.repeat(row.depth)}${row.type} ${row.name}`)).toEqual([
    'entry data',
    '  entry a',
    '  more ',
    '  since new',
    'entry logs',
    '  more ',
    'entry site.yaml',
  ])
  expect(rows[2]).toMatchObject({ folder: 'data', left: 2 })
})

test('ticking a folder takes in what lies in it', () => {
  const some = withTick('data/a', new Set(['data/b']))
  expect([...some].sort()).toEqual(['data/a', 'data/b'])
  expect(tickOf('data', some)).toBe('part')
  const all = withTick('data', some)
  expect([...all]).toEqual(['data'])
  expect(tickOf('data/a', all)).toBe('above')
  expect(withTick('data/a', all)).toBe(all)
  expect([...withTick('data', all)]).toEqual([])
  expect(tickOf('data2', all)).toBe('none')
})
