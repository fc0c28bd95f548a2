import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { decodeKeyFile, encodeKeyFile, type KeyFile, lockKey, unlockKey } from './key-file.ts'
import { newMasterKey } from './master-key.ts'
import { scryptSchema } from './scrypt.ts'

/** As cheap as is allowed: what is specified here does not depend on the cost. */
const cheap = { N: 2 ** 14, r: 8, p: 1 }
const passphrase = 'seven rusty ladders sing'
const about = { repository: 'rp-0000000000000001', label: 'lab office', now: 1_700_000_000_000 }

async function locked(): Promise<{ master: Buffer; file: KeyFile }> {
  const master = newMasterKey()
  return { master, file: await lockKey(master, passphrase, about, cheap) }
}

function codeOf(act: () => unknown): unknown {
  try {
    act()
    return 'nothing'
  } catch (error) {
    return error instanceof Error && 'problem' in error ? (error.problem as { code: string }).code : error
  }
}

test('a master key comes back with its passphrase and with no other', async () => {
  const { master, file } = await locked()
  const read = decodeKeyFile(encodeKeyFile(file), file.id, about.repository)
  expect(await unlockKey(read, passphrase)).toEqual(master)
  expect(await unlockKey(read, `${passphrase} `)).toBeUndefined()
  // One letter that can be typed in two ways is one letter.
  const accented = await lockKey(master, 'caf\u00e9 under seven ladders', about, cheap)
  expect(await unlockKey(accented, 'cafe\u0301 under seven ladders')).toEqual(master)
})

test('two files of one passphrase have nothing in common', async () => {
  const { master, file } = await locked()
  const other = await lockKey(master, passphrase, about, cheap)
  expect(other.wrapped).not.toBe(file.wrapped)
  expect(other.kdf.salt).not.toBe(file.kdf.salt)
})

test('nothing in a key file can be changed without the passphrase failing', async () => {
  const { file } = await locked()
  const changed: KeyFile[] = [
    { ...file, label: 'another' },
    { ...file, createdAt: file.createdAt + 1 },
    { ...file, repository: 'rp-0000000000000002' },
    { ...file, kdf: { ...file.kdf, salt: randomBytes(32).toString('base64') } },
    { ...file, kdf: { ...file.kdf, N: 2 ** 15 } },
  ]
  for (const each of changed) expect(await unlockKey(each, passphrase)).toBeUndefined()
})

test('a damaged, a cut off, a renamed and a foreign key file are told from a wrong passphrase', async () => {
  const { file } = await locked()
  const text = encodeKeyFile(file)
  const read = (content: string, id = file.id, repository = about.repository) =>
    codeOf(() => decodeKeyFile(content, id, repository))
  expect(read(text)).toBe('nothing')
  for (let length = 0; length < text.length - 1; length += 7) expect(read(text.slice(0, length))).toBe('key-damaged')
  expect(read(text.replace('lab office', 'lab 0ffice'))).toBe('key-damaged')
  expect(read(text, 'ky-0000000000000000')).toBe('key-damaged')
  expect(read(text, file.id, 'rp-0000000000000002')).toBe('key-of-another-repository')
})

test('a key file that asks for too much memory or work is refused before anything is computed', async () => {
  const { file } = await locked()
  for (const hostile of [
    { N: 2 ** 30, r: 8, p: 1 },
    { N: 2 ** 22, r: 8, p: 1 },
    { N: 2 ** 17, r: 8, p: 1000 },
    { N: 2 ** 17, r: 32, p: 16 },
    { N: 2 ** 17, r: 1e9, p: 1 },
    { N: 100_000, r: 8, p: 1 },
    { N: -1, r: 8, p: 1 },
    { N: 2 ** 13, r: 8, p: 1 },
    { N: 2 ** 17 + 0.5, r: 8, p: 1 },
  ]) {
    expect(scryptSchema.safeParse(hostile).success, JSON.stringify(hostile)).toBe(false)
    const text = encodeKeyFile({ ...file, kdf: { ...file.kdf, ...hostile } })
    expect(codeOf(() => decodeKeyFile(text, file.id, about.repository))).toBe('key-damaged')
  }
})

test('a passphrase that could be tried out is not taken', async () => {
  const master = newMasterKey()
  for (const weak of ['', 'short', 'aaaaaaaaaaaaaaaaaaaa', 'elevenchars', 'x'.repeat(1001)]) {
    await expect(lockKey(master, weak, about, cheap)).rejects.toMatchObject({ problem: { code: 'passphrase-weak' } })
  }
})
