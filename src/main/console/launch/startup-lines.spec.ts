import { expect, test } from 'vitest'
import type { StartupView } from '#shared/contract/startup.ts'
import { StartupLines, startupText } from './startup-lines.ts'

const view: StartupView = {
  at: 0,
  endedAt: null,
  state: 'running',
  sentence: 'Services: Core',
  steps: [
    {
      id: 'pre-flight',
      title: 'Pre-flight',
      state: 'warned',
      sentence: 'Only 500 MB free.',
      ms: 20,
      lines: [
        { id: 'disk', title: 'Disk', state: 'warned', sentence: 'Only 500 MB free.' },
        { id: 'node', title: 'Node', state: 'passed', sentence: 'Version 24.' },
      ],
    },
    { id: 'services', title: 'Services', state: 'running', sentence: 'Core', ms: null, lines: [] },
  ],
}

test('a start is told line by line, each once', () => {
  const lines = new StartupLines()
  expect(lines.next(view)).toEqual([
    '  ! Pre-flight: Disk: Only 500 MB free.',
    '  ✓ Pre-flight: Node: Version 24.',
    '! Pre-flight: Only 500 MB free. (0.0 s)',
  ])
  expect(lines.next(view)).toEqual([])
})

test('status tells the steps, and of their lines those that need an eye', () => {
  expect(startupText(view, false).split('\n')).toEqual([
    'Services: Core',
    '! Pre-flight: Only 500 MB free. (0.0 s)',
    '    ! Disk: Only 500 MB free.',
    '… Services: Core',
  ])
})
