import { expect, test } from 'vitest'
import { sampleEvents } from '../../testing/sample-events.ts'
import { filterOf } from './event-filter.ts'
import { merged } from './use-timeline.ts'

test('the filter is read from the address; what makes no sense is left out', () => {
  const params = new URLSearchParams('subject=service:api&kind=&text= exit &atLeast=loud&other=1')
  expect(filterOf(params)).toEqual({ subject: 'service:api', text: 'exit' })
  expect(filterOf(new URLSearchParams('atLeast=warning'))).toEqual({ atLeast: 'warning' })
})

test('pages and live events become one list, newest first, each once', () => {
  const events = sampleEvents(0)
  const list = merged(events.slice(10, 20), [...events.slice(0, 12), ...events.slice(18, 22)])
  expect(list.map((event) => event.seq)).toEqual(Array.from({ length: 22 }, (_, index) => 22 - index))
})
