import { expect, test } from 'vitest'
import { serviceOf, siteOf } from '../../../test/support/site-definition.ts'
import { serversLeftOut } from './outside-copy.ts'

const database = (url: string) =>
  siteOf([
    serviceOf('records', {
      kind: 'builtin',
      use: 'database',
      database: { target: { engine: 'postgres', url } } as never,
    }),
  ])

test('a database on a server is left out of a copy, until the testing profile gives it another address', () => {
  const real = database('postgres://lab@db/records')
  expect(serversLeftOut(real, real)).toEqual([
    { service: 'records', why: expect.stringContaining('a test would write into the real one') },
  ])
  expect(serversLeftOut(database('postgres://lab@db/scratch'), real)).toEqual([])
})

test('files are copied, and so not left out', () => {
  const files = siteOf([
    serviceOf('records', { database: { target: { engine: 'sqlite', file: 'data/records.db' } } as never }),
  ])
  expect(serversLeftOut(files, files)).toEqual([])
})
