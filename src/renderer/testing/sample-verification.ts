import type { VerificationView, VerifiedCheck } from '#shared/contract/index.ts'

/** A list of checks of which one has failed and two have nothing to look at. */
export function sampleVerification(now: number): VerificationView {
  const check = (id: string, title: string, sentence: string, given: Partial<VerifiedCheck> = {}): VerifiedCheck => ({
    id,
    title,
    state: 'passed',
    sentence,
    faults: [],
    about: [],
    at: now - 40_000,
    ms: 12,
    own: false,
    ...given,
  })
  const late = 'file /srv/lab/data/last-export.csv not older than 1 day: it last changed 3 days ago, allowed are 24 h.'
  return {
    at: now - 40_000,
    running: false,
    passed: 6,
    total: 7,
    sentence: '6 of 7 checks passed.',
    checks: [
      check('environment', 'Environment variables', '14 variables can be filled in.', { ms: 1 }),
      check('files', 'Files', 'What 4 services run is there.', { ms: 4 }),
      check('templates', 'Templates', 'The release has no folder “templates”.', { state: 'skipped', ms: 0 }),
      check('database-connection', 'Database connection', 'database: site.db answers in 96 ms, 9 tables.', { ms: 101 }),
      check('database-schema', 'Database schema', '1 database has its tables.', { ms: 98 }),
      check('external-api', 'External API', 'Timetable API: 200 in 41 ms.', { ms: 41 }),
      check('routes', 'Routes', '4 message routes and 2 pages: all answer as they should.', { ms: 18 }),
      check('site:export', 'Nightly export', late, { state: 'failed', faults: [late], own: true, ms: 1 }),
    ],
  }
}
