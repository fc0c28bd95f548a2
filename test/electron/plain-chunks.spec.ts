import { runInThisContext } from 'node:vm'
import { expect, test } from 'vitest'
import { plain } from '../../scripts/plain-chunks.ts'

test('a program without a sign beyond Latin-1 says the same', () => {
  const program = '["it’s – 😀 é", `${1} …`, /[“”]/u.test("”")].join()'
  const made = plain(program)
  expect([...made].every((sign) => sign.charCodeAt(0) < 0x100)).toBe(true)
  expect(runInThisContext(made)).toBe(runInThisContext(program))
})

test('an escape after a backslash would mean another thing, and is refused', () => {
  expect(() => plain('"\\’"')).toThrow('A backslash stands before the sign ’')
})
