import { describe, expect, it } from 'vitest'
import { serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
import { touchedServices } from './touched.ts'

const broker = serviceOf('broker', { kind: 'builtin', use: 'broker', run: [] })
const api = serviceOf('api', { code: ['services/api.mjs', 'lib/'] })
const kiosk = serviceOf('kiosk', { needs: { api: 'healthy' }, code: ['./services/kiosk.mjs'] })
const report = serviceOf('report', { code: ['reports'] })
const camera = serviceOf('camera', { kind: 'external' })
const site = siteOf([broker, api, kiosk, report, camera])
const ids = (changed: readonly string[], now = site, next = now) =>
  touchedServices(now, next, changed).map(({ id }) => id)

describe('What a deploy stops', () => {
  it('is the service whose own code changes, and what needs it; the others go on', () => {
    expect(touchedServices(site, site, ['lib/database.mjs'])).toEqual([
      { id: 'api', title: 'api', why: 'lib/database.mjs changes' },
      { id: 'kiosk', title: 'kiosk', why: 'it needs api' },
    ])
    expect(ids(['reports/monthly.mjs'])).toEqual(['report'])
  })

  it('is nothing when no file of any service changes', () => {
    expect(ids([])).toEqual([])
    expect(ids(['README.md', 'services/api.mjs.bak', 'library/x'])).toEqual([])
  })

  it('is every service that does not say which files it runs on', () => {
    const unsaid = siteOf([broker, serviceOf('api'), serviceOf('other')])
    expect(ids(['README.md'], unsaid)).toEqual(['api', 'other'])
  })

  it('is the service whose entry changes or goes, and never the broker for the sake of code', () => {
    const next = siteOf([{ ...broker, ports: { mqtt: 1884 } }, { ...api, env: { LOG: 'debug' } }, kiosk, camera])
    expect(ids([], site, next)).toEqual(['broker', 'api', 'kiosk', 'report'])
  })
})
