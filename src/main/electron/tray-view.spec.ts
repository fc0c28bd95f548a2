import { expect, test } from 'vitest'
import type { ConsoleView, SiteView } from '#shared/contract/state.ts'
import { trayView } from './tray-view.ts'

const site: SiteView = {
  id: 'lab',
  name: 'Lab',
  directory: '/srv/lab',
  sample: false,
  zone: 'UTC',
  contact: null,
  health: 'degraded',
  sentence: 'desk-units lost the broker.',
  since: 0,
  evidence: null,
  score: { value: 80, trend: null, history: [], lowered: [] },
  config: { valid: true, problems: [], loadedAt: 0 },
  trust: null,
  leftOut: [],
  phases: [],
  waves: [],
  parts: {},
  broker: null,
  backupFolder: '/srv/backups',
}
const console: ConsoleView = {
  version: '0',
  host: 'electron',
  node: '24',
  environment: { name: 'production', chosen: false },
  platform: 'linux',
  hostname: 'pc',
  startedAt: 0,
  can: { chooseFolder: true, openFolder: true, notify: true },
  recent: [],
  phase: 'open',
  problem: null,
}

test('the tray shows the health and the sentence of the site, and what can be done to it', () => {
  expect(trayView(console, site, null)).toEqual({
    icon: 'degraded',
    sentence: 'Lab: desk-units lost the broker.',
    actions: true,
  })
})

test('without a site nothing can be started, and the tray says why', () => {
  expect(trayView({ ...console, phase: 'no site' }, undefined, null)).toEqual({
    icon: 'unknown',
    sentence: 'No site is open.',
    actions: false,
  })
  const problem = { message: 'The disk is full.', remedy: 'Free some.' }
  expect(trayView({ ...console, phase: 'could not open', problem }, undefined, null)).toEqual({
    icon: 'unhealthy',
    sentence: 'The disk is full.',
    actions: false,
  })
})

test('while the console ends the tray says what it waits for, whatever the site is', () => {
  expect(trayView(console, site, 'Quitting…')).toEqual({ icon: 'unknown', sentence: 'Quitting…', actions: false })
})

test('a sentence is cut to what every desktop shows', () => {
  const { sentence } = trayView(console, { ...site, sentence: 'x'.repeat(300) }, null)
  expect(sentence).toHaveLength(127)
  expect(sentence.endsWith('…')).toBe(true)
})
