import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { mountPointOf, systemVolumes } from './volumes.ts'

const table = `24 30 0:22 / /proc rw,nosuid - proc proc rw
30 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
91 30 8:17 / /media/lab/MY\\040DRIVE rw,nosuid - exfat /dev/sdb1 rw
92 30 8:17 /sub /srv/sub rw - exfat /dev/sdb1 rw`

const devices = {
  uuid: new Map([['1234-ABCD', '8:17']]),
  label: new Map([['MY DRIVE', '8:17']]),
}
const volumes = systemVolumes({ devices: (kind) => devices[kind], mounts: () => table })

describe('a volume', () => {
  test('is found by what its file system carries, wherever it is mounted', () => {
    expect(volumes.find({ uuid: '1234-abcd' })).toEqual({ state: 'mounted', path: '/media/lab/MY DRIVE' })
    expect(volumes.find({ label: 'MY DRIVE' })).toEqual({ state: 'mounted', path: '/media/lab/MY DRIVE' })
  })

  test('that is not plugged in is told from one that is only not mounted', () => {
    expect(volumes.find({ uuid: 'ffff' })).toEqual({ state: 'absent' })
    const unmounted = systemVolumes({ devices: (kind) => devices[kind], mounts: () => '' })
    expect(unmounted.find({ label: 'MY DRIVE' })).toEqual({ state: 'unmounted' })
  })

  test('of a real file system in a file is found in the real table of mounts', (context) => {
    using folder = temporaryFolder()
    const image = join(folder.path, 'image')
    const point = join(folder.path, 'a drive')
    writeFileSync(image, Buffer.alloc(4 * 1024 * 1024))
    mkdirSync(point)
    try {
      execFileSync('mkfs.ext4', ['-q', '-F', '-L', 'WHTEST', image], { stdio: 'ignore' })
      execFileSync('mount', ['-o', 'loop', image, point], { stdio: 'ignore' })
    } catch {
      context.skip('no file can be mounted as a drive here: that needs the rights of root, loop devices and mkfs.ext4')
    }
    try {
      const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
      const line = mounts.split('\n').find((each) => each.includes('a\\040drive'))
      expect(mountPointOf(mounts, line?.split(' ')[2] ?? '')).toBe(point)
    } finally {
      execFileSync('umount', [point])
    }
  })
})
