import { expect, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { toProblem } from './failures.ts'

test('a call that was given up by who asked is no fault of the console, and stands in no log as one', () => {
  const logged: string[] = []
  const logger = { ...silentLogger, error: (message: string) => void logged.push(message) }
  const givenUp = Object.assign(new Error('Client aborted the request'), { name: 'AbortError' })
  expect(toProblem(givenUp, 'backups.losses', logger).code).toBe('given-up')
  expect(logged).toEqual([])
  expect(toProblem(new Error('what nobody foresaw'), 'backups.losses', logger).code).toBe('internal')
  expect(logged).toHaveLength(1)
})
