import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

/** A disk of its own that a test may fill. */
export interface SmallDisk extends Disposable {
  readonly path: string
  /** Leaves so much room on it. Bytes. */
  fill(free: number): void
  /** Gives back what was filled. */
  empty(): void
}

/** A disk of some megabytes in a folder, gone with the test; where the machine lets none be made, the test is skipped with the reason. */
export function smallDisk(skip: (reason: string) => never, folder: string, megabytes = 8): SmallDisk {
  const path = join(folder, 'disk')
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    skip('no small disk can be mounted here: that needs the rights of root')
  }
  const ballast = join(path, 'ballast')
  return {
    path,
    fill(free) {
      const { bavail, bsize } = statfsSync(path)
      const blocks = Math.max(0, Math.floor((bavail * bsize - free) / bsize))
      execFileSync('dd', ['if=/dev/zero', `of=${ballast}`, `bs=${bsize}`, `count=${blocks}`], { stdio: 'ignore' })
    },
    empty: () => rmSync(ballast, { force: true }),
    [Symbol.dispose]: () => void execFileSync('umount', ['-l', path]),
  }
}
