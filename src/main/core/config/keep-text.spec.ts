import { expect, test } from 'vitest'
import { withKeep } from './keep-text.ts'

const keep = { last: 5, hourly: 0, daily: 7, weekly: 4, monthly: 6, yearly: 1 }
const flow = '{ last: 5, hourly: 0, daily: 7, weekly: 4, monthly: 6, yearly: 1 }'

test('only the numbers change where all of them are written, remarks stay', () => {
  const rules = '    last: 10 # enough\n    hourly: 0\n    daily: 7\n    weekly: 4\n    monthly: 6\n    yearly: 3\n'
  const text = `site: lab\nbackup:\n  keep:\n${rules}  full: "0 3 * * *" # at night\nroutes: {}\n`
  expect(withKeep(text, keep)).toBe(text.replace('last: 10', 'last: 5').replace('yearly: 3', 'yearly: 1'))
})

test('rules of which some are not written are written anew, and nothing else', () => {
  const text = 'backup: # daily\n  keep: { last: 10, daily: 7 } # ours\n  full: "0 3 * * *"\n'
  expect(withKeep(text, keep)).toBe(`backup: # daily\n  keep: ${flow} # ours\n  full: "0 3 * * *"\n`)
})

test('they are added where there are none, into a block, a flow map, or a file without backups', () => {
  expect(withKeep('backup:\n  full: "0 3 * * *"\n', keep)).toBe(`backup:\n  keep: ${flow}\n  full: "0 3 * * *"\n`)
  expect(withKeep('backup: { full: "0 3 * * *" }\n', keep)).toBe(`backup: { keep: ${flow}, full: "0 3 * * *" }\n`)
  expect(withKeep('site: lab\n', keep)).toBe(`site: lab\n\nbackup:\n  keep: ${flow}\n`)
})

test('a file that cannot be read, or writes them in another way, is left alone with a sentence', () => {
  expect(() => withKeep('backup: [', keep)).toThrow('cannot be read')
  expect(() => withKeep('backup: daily\n', keep)).toThrow('cannot be changed from here')
})
