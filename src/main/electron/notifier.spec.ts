import { expect, test } from 'vitest'
import type { AttentionView } from '#shared/contract/state.ts'
import { dueNotices } from './notifier.ts'

const card = (id: string, more: Partial<AttentionView> = {}): AttentionView => ({
  id,
  subject: `service:${id}`,
  severity: 'warning',
  title: `${id} has failed`,
  why: 'It exited with 1.',
  since: 1,
  fixes: [],
  event: null,
  dismissible: true,
  dismissed: false,
  ...more,
})

test('a condition of warning and up is told once, with its reason', () => {
  const first = dueNotices(new Set(), [card('api'), card('disk', { severity: 'notice' })])
  expect(first.notices).toEqual([{ title: 'api has failed', body: 'It exited with 1.' }])
  expect(dueNotices(first.told, [card('api', { title: 'api has failed again' })]).notices).toEqual([])
})

test('a condition that ended and came back is told again; a dismissed one is not', () => {
  const { told } = dueNotices(new Set(), [card('api')])
  const { told: after } = dueNotices(told, [])
  expect(dueNotices(after, [card('api', { since: 2 })]).notices).toHaveLength(1)
  expect(dueNotices(after, [card('api', { since: 2, dismissed: true })]).notices).toEqual([])
})

test('many at once become one', () => {
  const { notices } = dueNotices(
    new Set(),
    ['a', 'b', 'c', 'd'].map((id) => card(id)),
  )
  expect(notices).toEqual([
    { title: '4 things need attention', body: 'a has failed, b has failed, c has failed, d has failed' },
  ])
})
