import { expect, test } from 'vitest'
import type { RestorePlan } from '#shared/contract/index.ts'
import { sampleStore } from '../../testing/sample-store.ts'
import { recoverDatabaseActWords, recoverStoreActWords, restoreActWords, serviceActWords } from './act-words.ts'

const touch = (...ids: string[]) => ({
  sentence: '',
  services: ids.map((id) => ({ id, what: 'stop' as const, why: '' })),
  routes: [],
  undo: '',
  commandLine: '',
})

const plan = (rest: Partial<RestorePlan>): RestorePlan => ({
  snapshot: 'sn-1',
  fingerprint: 'f',
  sentence: '',
  add: 0,
  change: 0,
  delete: 0,
  bytes: 0,
  freeBytes: null,
  entries: [],
  hidden: 0,
  databases: [],
  services: [],
  stops: [],
  paths: null,
  notes: [],
  warnings: [],
  undo: '',
  commandLine: '',
  ...rest,
})

test('the button names the act and how many others it takes along', () => {
  expect(serviceActWords('stop', 'api', touch('kiosk', 'api'))).toBe('Stop api and 1 other')
  expect(serviceActWords('restart', 'api', touch('api'))).toBe('Restart api')
  expect(serviceActWords('stop-all', undefined, touch('a', 'b', 'c'))).toBe('Stop 3 services')
  expect(serviceActWords('emergency-stop', undefined, undefined)).toBe('Kill services now')
})

test('there is no button for an act that would touch nothing, except in an emergency', () => {
  expect(serviceActWords('start-all', undefined, touch())).toBeNull()
  expect(serviceActWords('emergency-stop', undefined, touch())).toBe('Kill 0 services now')
})

test('the button of a restore says what is written, deleted and stopped', () => {
  expect(restoreActWords(plan({ add: 11, change: 3, services: ['api'] }))).toBe('Restore 14 files and stop api')
  expect(restoreActWords(plan({ change: 1, delete: 2, services: ['api', 'kiosk'] }))).toBe(
    'Restore 1 file, delete 2 files and stop 2 services',
  )
  expect(restoreActWords(plan({}))).toBe('Restore')
})

test('a database of a server is named on it, and is no file', () => {
  const records = { title: 'Records', what: 'change' } as const
  const old = { title: 'Archive', what: 'delete' } as const
  expect(restoreActWords(plan({ change: 1, databases: [records], services: ['api'] }))).toBe(
    'Restore the database of Records and stop api',
  )
  expect(restoreActWords(plan({ add: 2, change: 2, delete: 2, databases: [records, old] }))).toBe(
    'Restore the database of Records, 3 files, delete 1 file, set the database of Archive aside',
  )
  expect(restoreActWords(plan({ change: 2, databases: [records, { ...records, title: 'Marks' }] }))).toBe(
    'Restore 2 databases',
  )
})

test('the button of a recovery says what takes the place, or whom it stops', () => {
  const [control, messages] = sampleStore(0).databases.map((database) => ({ ...database, state: 'failed' as const }))
  expect(recoverStoreActWords('control', sampleStore(0).databases[0])).toBe('Recover control if it is damaged')
  expect(recoverStoreActWords('control', control)).toBe('Set control aside and go back to its copy')
  expect(recoverStoreActWords('messages', messages)).toBe('Set messages aside and salvage it')
  expect(recoverStoreActWords('control', control && { ...control, comesBack: true })).toBe(
    'Open control again, or recover it',
  )
  const recovery = { sentence: '', steps: [], services: ['faculty', 'api'], lost: null, undo: '', commandLine: '' }
  expect(recoverDatabaseActWords('faculty', recovery)).toBe('Recover faculty and stop api')
})
