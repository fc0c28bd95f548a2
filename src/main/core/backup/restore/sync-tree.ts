import { closeSync, fsyncSync, lstatSync, openSync, readdirSync } from 'node:fs'
import { joinRaw } from '../raw-path.ts'

/** Makes every file and folder below survive a power cut, one by one: where the disk cannot be synced as a whole. */
export function syncTree(path: Buffer): void {
  const stat = lstatSync(path)
  if (stat.isDirectory()) {
    for (const name of readdirSync(path, { encoding: 'buffer' })) syncTree(joinRaw(path, name))
    if (process.platform === 'win32') return
  } else if (!stat.isFile()) return
  const handle = openSync(path, stat.isDirectory() || process.platform !== 'win32' ? 'r' : 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
