import { expect, test } from 'vitest'
import { mountIn, mountOf } from './mounts.ts'

const table = `22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:26 / /mnt/nas rw - nfs4 nas:/export rw
31 30 0:27 / /mnt/nas/front\\040door rw - nfs4 door:/ rw`

test('a path is on the longest mount point that it begins with', () => {
  expect(mountIn(table, '/srv/site/data/x')).toBe('/')
  expect(mountIn(table, '/mnt/nas/x')).toBe('/mnt/nas')
  expect(mountIn(table, '/mnt/nascent')).toBe('/')
  expect(mountIn(table, '/mnt/nas/front door/frame.jpg')).toBe('/mnt/nas/front door')
  expect(mountIn('', '/mnt/nas/x')).toBe('/')
})

test.runIf(process.platform === 'linux')('the table of this machine can be read', () => {
  expect(mountOf('/proc/self/status')).toBe('/proc')
})
