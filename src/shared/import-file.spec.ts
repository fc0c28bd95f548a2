import { expect, test } from 'vitest'
import { linesOf } from './import-file.ts'
import { LineCheck, longestLine } from './message-lines.ts'

async function* inPieces(...pieces: string[]): AsyncGenerator<string> {
  yield* pieces
}

async function lines(...pieces: string[]): Promise<(string | null)[]> {
  const found: (string | null)[] = []
  for await (const line of linesOf(inPieces(...pieces))) found.push(line)
  return found
}

test('lines are put together from pieces, with either end, the last one also without', async () => {
  expect(await lines('one\r\ntw', 'o\n', '\nthr', 'ee')).toEqual(['one', 'two', '', 'three'])
})

test('a byte order mark before the first line is passed over', async () => {
  expect(await lines('\uFEFFone\n', '\uFEFFtwo\n')).toEqual(['one', '\uFEFFtwo'])
})

test('a line of a gigabyte is not gathered: it is told by its number, and the lines behind it are read', async () => {
  const piece = 'x'.repeat(1024 * 1024)
  async function* endless(): AsyncGenerator<string> {
    yield '{"at":1,"topic":"a","payload":""}\n'
    for (let n = 0; n < 1_024; n++) yield piece
    yield '\n{"at":2,"topic":"a","payload":""}\n'
  }
  const check = new LineCheck()
  for await (const line of linesOf(endless())) check.take(line)
  expect(check.messages).toBe(2)
  expect(check.sentence).toBe(
    `One line is bad: line 2: it is longer than the ${longestLine.toLocaleString('en')} characters that a line may have.`,
  )
})
