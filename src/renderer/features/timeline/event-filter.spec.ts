import { expect, test } from 'vitest'
import { filterOf, rangeOf } from './event-filter.ts'

test('the filter is read from the address; what makes no sense is left out', () => {
  const params = new URLSearchParams('subject=service:api&kind=&text= exit &atLeast=loud&other=1')
  expect(filterOf(params)).toEqual({ subject: 'service:api', text: 'exit' })
  expect(filterOf(new URLSearchParams('atLeast=warning'))).toEqual({ atLeast: 'warning' })
})

test('a span is read from the address; one that is none is left out', () => {
  expect(rangeOf(new URLSearchParams('span=120-4711'))).toEqual({ from: 120, to: 4711 })
  for (const none of ['', 'span=', 'span=9-3', 'span=1-', 'span=-4-9', 'span=a-b', 'span=1-99999999999999999']) {
    expect(rangeOf(new URLSearchParams(none)), none).toBeNull()
  }
})
