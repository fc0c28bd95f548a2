import { describe, expect, test } from 'vitest'
import type { ServiceDefinition } from '#core/config/index.ts'
import { reference, serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
import { touchedServices } from './touched-services.ts'

const ground = { directory: '/srv/lab', release: 'releases/two' }

function touched(services: readonly ServiceDefinition[], swapped: readonly string[]) {
  const found = touchedServices(siteOf(services), swapped, ground)
  return found === 'all' ? 'all' : Object.fromEntries(found.map(({ service, why }) => [service, why]))
}

/** Says which file it uses, so it uses no other. */
const uploads = serviceOf('uploads', { env: { FOLDER: `${reference('data')}/uploads` } })
const reports = serviceOf('reports', { run: ['reports.mjs', '--to', './data/reports'] })
const absolute = serviceOf('absolute', { env: { FILE: '/srv/lab/data/../data/one.txt' } })

describe('which services stop for what is swapped', () => {
  test('those that name it, a folder above it or something in it; and no others', () => {
    const all = [uploads, reports, absolute]
    expect(touched(all, ['data/uploads/a.png'])).toEqual({ uploads: 'it uses data/uploads (FOLDER)' })
    expect(touched(all, ['data/reports'])).toEqual({ reports: 'it uses data/reports (run)' })
    expect(touched(all, ['data/one.txt'])).toEqual({ absolute: 'it uses data/one.txt (FILE)' })
    expect(Object.keys(touched(all, ['data']))).toEqual(['uploads', 'reports', 'absolute'])
    expect(touched(all, ['data/uploads-of-old'])).toEqual({})
  })

  test('one that names no data may use any of it', () => {
    const silent = serviceOf('silent')
    expect(touched([silent, uploads], ['data/somewhere'])).toEqual({
      silent: 'site.yaml does not say which files it uses',
    })
    // But not the code of a release that is not in use.
    expect(touched([silent], ['releases/one/x.mjs'])).toEqual({})
  })

  test('all that run from the release in use, when its code is swapped', () => {
    expect(touched([uploads, reports], ['releases/two/lib.mjs'])).toEqual({
      uploads: 'its code lies there',
      reports: 'its code lies there',
    })
    expect(touched([uploads], ['releases/one/lib.mjs'])).toEqual({})
  })

  test('a database by its file and by the logs beside it', () => {
    const target = { engine: 'sqlite', file: `${reference('data')}/app.db` }
    const database = { target } as ServiceDefinition['database']
    const db = serviceOf('db', { kind: 'builtin', use: 'database', database } as Partial<ServiceDefinition>)
    expect(touched([db], ['data/app.db'])).toEqual({ db: 'its database is data/app.db' })
    expect(touched([db], ['data/app.db-wal'])).toEqual({ db: 'its database is data/app.db' })
    expect(touched([db], ['data/app.db2'])).toEqual({})
    expect(touched([db], ['data/other.db'])).toEqual({})
  })

  test('what needs a touched service, however far', () => {
    const needs = { healthy: { is: 'healthy' } } as const
    const of = (...ids: string[]) =>
      Object.fromEntries(ids.map((id) => [id, needs.healthy])) as unknown as ServiceDefinition['needs']
    const middle = { ...reports, id: 'middle', needs: of('uploads') }
    const top = { ...reports, id: 'top', needs: of('middle') }
    expect(touched([top, middle, uploads, reports], ['data/uploads'])).toEqual({
      uploads: 'it uses data/uploads (FOLDER)',
      middle: 'it needs uploads',
      top: 'it needs middle',
    })
  })

  test('all of them where site.yaml or the release itself is swapped, or nobody knows the site', () => {
    expect(touched([uploads], ['site.yaml'])).toBe('all')
    expect(touched([uploads], ['data/x', 'current'])).toBe('all')
    expect(touchedServices(null, ['data/x'], ground)).toBe('all')
  })

  test('never an external one, nor the broker of the console', () => {
    const external = serviceOf('external', { kind: 'external' })
    const broker = serviceOf('broker', { kind: 'builtin', use: 'broker' })
    expect(touched([external, broker], ['data', 'releases/two'])).toEqual({})
  })
})
