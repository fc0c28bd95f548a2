import { expect, test } from 'vitest'
import { job } from '../../testing/sample-entities.ts'
import { databaseJobOf, newestJob, showsItsJob, storeJobOf } from './store-jobs.ts'

const check = job(0, 'j1', { kind: 'store.check', subject: 'store:control' })
const recover = job(0, 'j2', { kind: 'database.recover', subject: 'database:faculty' })

test('a job of the store is beside its database, one of a site beside its service, others beside neither', () => {
  expect([check, recover, job(0, 'j3')].map(storeJobOf)).toEqual(['control', null, null])
  expect([check, recover, job(0, 'j3')].map(databaseJobOf)).toEqual([null, 'faculty', null])
})

test('the job that runs is shown before a newer one that has ended', () => {
  const ended = { ...check, id: 'j9', state: 'completed' as const, startedAt: 99 }
  expect(newestJob({ j1: { ...check, startedAt: 1 }, j9: ended }, () => true)?.id).toBe('j1')
  expect(newestJob({ j9: ended }, () => false)).toBeUndefined()
})

test('only the page that shows a job itself leaves it out at its foot', () => {
  expect(showsItsJob('/diagnose', check)).toBe(true)
  expect(showsItsJob('/', check)).toBe(false)
  expect(showsItsJob('/services/faculty', recover)).toBe(true)
  expect(showsItsJob('/services/api', recover)).toBe(false)
})
