import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import type { Terminal } from '../terminal.ts'
import { newPassphrase, readSecret } from './backup-secret.ts'

/** Somebody who types these answers, or pipes a text in. */
function terminal(answers: readonly string[], piped: string | null = null): Terminal & { readonly asked: string[] } {
  const left = [...answers]
  const asked: string[] = []
  return {
    asked,
    out() {},
    err() {},
    raw: async () => {},
    progress() {},
    ask: async () => null,
    askSecret: async (question) => {
      asked.push(question)
      return left.shift() ?? null
    },
    piped: async () => piped,
    onInterrupt: () => ({ [Symbol.dispose]() {} }),
    unread: new Promise(() => {}),
  }
}

test('a passphrase is asked for once, a recovery key row by row', async () => {
  const one = terminal(['seven rusty ladders sing'])
  expect(await readSecret(one, {}, 'Passphrase:')).toBe('seven rusty ladders sing')
  expect(one.asked).toEqual(['Passphrase:'])
  const rows = Array.from({ length: 9 }, (_, at) => `ABC${at}-DEFG`)
  const other = terminal(rows)
  expect(await readSecret(other, {}, 'Passphrase:')).toBe(rows.join('\n'))
  expect(other.asked.at(-1)).toBe('Row 9:')
  expect(await readSecret(terminal(rows.slice(0, 4)), {}, 'Passphrase:')).toBeNull()
})

test('it is read from a file or a pipe where that is named, without the line break at its end', async () => {
  using folder = temporaryFolder()
  const keyFile = join(folder.path, 'passphrase')
  writeFileSync(keyFile, 'seven rusty ladders sing\n')
  expect(await readSecret(terminal([]), { keyFile }, 'x')).toBe('seven rusty ladders sing')
  expect(await readSecret(terminal([], 'eight green kettles hum\n'), { keyFile: '-' }, 'x')).toBe(
    'eight green kettles hum',
  )
  const missing = readSecret(terminal([]), { keyFile: join(folder.path, 'none') }, 'x')
  await expect(missing).rejects.toMatchObject({ problem: { code: 'key-file-unreadable' } })
  const nobody = readSecret(terminal([]), { keyFile: '-' }, 'x')
  await expect(nobody).rejects.toMatchObject({ problem: { code: 'secret-needed' } })
})

test('a new passphrase is asked for twice, and two that differ change nothing', async () => {
  expect(await newPassphrase(terminal(['a good long one', 'a good long one']), {})).toBe('a good long one')
  await expect(newPassphrase(terminal(['a good long one', 'another one']), {})).rejects.toMatchObject({
    problem: { code: 'passphrases-differ' },
  })
})
