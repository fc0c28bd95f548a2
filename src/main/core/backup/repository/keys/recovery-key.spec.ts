import { expect, test } from 'vitest'
import { newMasterKey } from './master-key.ts'
import { looksLikeRecoveryKey, readRecoveryKey, recoveryRows } from './recovery-key.ts'

const repository = 'rp-0000000000000001'

function problemOf(act: () => unknown): { code: string; message: string } {
  try {
    act()
  } catch (error) {
    if (error instanceof Error && 'problem' in error) return error.problem as { code: string; message: string }
    throw error
  }
  throw new Error('it was taken')
}

test('what was written out for a person comes back, however it is typed', () => {
  const master = newMasterKey()
  const rows = recoveryRows(master, repository)
  expect(rows).toHaveLength(9)
  for (const row of rows) expect(row).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/)
  const numbered = rows.map((row, at) => `${at + 1}.  ${row}`).join('\n')
  for (const typed of [
    rows.join('\n'),
    numbered,
    numbered.replaceAll('\n', '   '),
    rows.join('').toLowerCase().replaceAll('-', ''),
    rows.join(' ').replaceAll('0', 'O').replaceAll('1', 'l'),
    `<html><pre data-recovery-key="">${rows.map((row, at) => `<b>${at + 1}.</b> ${row}`).join('\r\n')}</pre></html>`,
  ]) {
    expect(looksLikeRecoveryKey(typed), typed).toBe(true)
    expect(readRecoveryKey(typed, repository), typed).toEqual(master)
  }
})

test('a slip is found with its row', () => {
  const rows = recoveryRows(newMasterKey(), repository)
  for (let row = 0; row < 8; row++) {
    let missed = 0
    for (let at = 0; at < 9; at++) {
      const typed = rows.map((text, index) => (index === row ? swapped(text, at) : text)).join('\n')
      if (typed === rows.join('\n')) continue
      const { code, message } = problemOf(() => readRecoveryKey(typed, repository))
      // One in 256 slips passes the row's own check and is found by the last row.
      if (code === 'kit-of-another-repository') missed++
      else expect(message).toContain(`Row ${row + 1} `)
    }
    expect(missed).toBeLessThan(3)
  }
})

test('exchanged rows, too few letters and the kit of other backups are each told as what they are', () => {
  const master = newMasterKey()
  const rows = recoveryRows(master, repository)
  const [first = '', second = '', ...rest] = rows
  expect(['kit-unreadable', 'kit-of-another-repository']).toContain(
    problemOf(() => readRecoveryKey([second, first, ...rest].join('\n'), repository)).code,
  )
  expect(problemOf(() => readRecoveryKey(rows.slice(0, 8).join('\n'), repository)).message).toContain('64')
  expect(problemOf(() => readRecoveryKey(rows.join('\n').slice(1), repository)).message).toContain('Row 1 ')
  expect(problemOf(() => readRecoveryKey('', repository)).code).toBe('kit-unreadable')
  expect(problemOf(() => readRecoveryKey(rows.join('\n'), 'rp-0000000000000002')).code).toBe(
    'kit-of-another-repository',
  )
})

test('a passphrase is not taken for a recovery key', () => {
  for (const text of ['seven rusty ladders sing', 'correct horse battery staple!', 'ABCD-EFGH', '']) {
    expect(looksLikeRecoveryKey(text)).toBe(false)
  }
})

/** Another letter in this place. */
function swapped(text: string, at: number): string {
  const letter = text.charAt(at)
  if (letter === '-') return text
  return text.slice(0, at) + (letter === '7' ? '3' : '7') + text.slice(at + 1)
}
