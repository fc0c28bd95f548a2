import { expect, test } from 'vitest'
import type { PortHolder } from '#core/platform/index.ts'
import { exitSentence } from './exit-sentence.ts'
import { portConflict } from './port-conflict.ts'
import { RunMarks } from './run-mark.ts'

test('an exit is said so that a technician understands it', () => {
  expect(exitSentence({ code: 1, signal: null })).toBe('exited with code 1')
  expect(exitSentence({ code: 127, signal: null })).toBe('exited with code 127 (a command was not found)')
  expect(exitSentence({ code: null, signal: 'SIGKILL' })).toContain('for lack of memory')
  expect(exitSentence({ code: null, signal: null })).toContain('known only to the console that started it')
})

const holder = (address: string, given: Partial<PortHolder> = {}): PortHolder => ({
  address,
  port: 53,
  pid: 42,
  command: 'dnsmasq --no-daemon',
  ...given,
})
const conflict = (bind: string, ...holders: PortHolder[]) =>
  portConflict({ title: 'api', bind }, { dns: 53 }, () => holders)?.problem

test('a taken port names holder, command and what to do', () => {
  expect(conflict('127.0.0.1', holder('0.0.0.0'))).toMatchObject({
    code: 'port-in-use',
    message: 'port 53, which api uses as `dns`, is held by process 42 (dnsmasq --no-daemon)',
    remedy: 'Stop that program (kill 42), or give api another port in site.yaml.',
    retryable: true,
  })
  expect(conflict('127.0.0.1', holder('127.0.0.1', { pid: null, command: null }))?.message).toContain(
    'a program of another user',
  )
})

test('only a listener that is in the way counts', () => {
  expect(conflict('127.0.0.1', holder('127.0.0.53'))).toBeUndefined()
  expect(conflict('127.0.0.1', holder('192.168.1.9'))).toBeUndefined()
  expect(conflict('192.168.1.9', holder('192.168.1.9'))).toBeDefined()
  expect(conflict('0.0.0.0', holder('192.168.1.9'))).toBeDefined()
  expect(conflict('127.0.0.1')).toBeUndefined()
})

test('a mark names its site and service, also where the service has hyphens, and no other site', () => {
  const marks = new RunMarks('/srv/lab')
  const run = marks.make('desk-units')
  expect(run.startsWith(marks.prefix)).toBe(true)
  expect(marks.serviceOf(run)).toBe('desk-units')
  expect(new RunMarks('/srv/other').serviceOf(run)).toBeUndefined()
  expect(marks.make('desk-units')).not.toBe(run)
})
