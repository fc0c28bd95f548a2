import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { needsFaultDisk } from './needs-fault-disk.ts'
import { powerCuts } from './power-cut.ts'
import { randomFrom } from './random.ts'
import { buildRig, type Rig } from './rig.ts'
import { SimulatedDisk } from './simulated-disk.ts'

const missing = needsFaultDisk()
const folder = temporaryFolder()
let rig: Rig
beforeAll(async () => {
  if (missing === null) rig = await buildRig(folder.path)
})
afterAll(() => folder[Symbol.dispose]())

test('the simulated disk loses what was not synced, and only that', () => {
  const root = join(folder.path, 'simulated')
  mkdirSync(root)
  const at = (name: string) => join(root, name)
  const disk = new SimulatedDisk(root)
  const data = (letter: string, length = 1_024) => Buffer.alloc(length, letter)
  let made = 0
  const left = (remainder: 'nothing' | 'all' | 'some', seed = 1) => {
    const to = join(folder.path, `left-${++made}`)
    disk.cut(to, remainder, randomFrom(seed))
    return Object.fromEntries(readdirSync(to).map((name) => [name, readFileSync(join(to, name), 'utf8')]))
  }
  disk.apply({ type: 'create', path: at('a'), inode: 1 })
  disk.apply({ type: 'write', path: at('a'), inode: 1, at: 0, data: data('x') })
  disk.apply({ type: 'sync', path: at('a'), inode: 1 })
  expect(left('nothing')).toEqual({})
  disk.apply({ type: 'sync', path: root, inode: 9 })
  disk.apply({ type: 'write', path: at('a'), inode: 1, at: 0, data: data('y') })
  disk.apply({ type: 'rename', from: at('a'), to: at('b') })
  expect(left('nothing')).toEqual({ a: 'x'.repeat(1_024) })
  expect(left('all')).toEqual({ b: 'y'.repeat(1_024) })
  const [x, y] = ['x'.repeat(512), 'y'.repeat(512)]
  const seen = new Set(Array.from({ length: 60 }, (_, seed) => JSON.stringify(left('some', seed))))
  const each = ['a', 'b'].flatMap((name) =>
    [x + x, x + y, y + x, y + y].map((text) => JSON.stringify({ [name]: text })),
  )
  expect([...seen].sort()).toEqual(each.sort())
})

test.each(['open anew', 'write', 'migrate', 'copy', 'replace', 'close'])(
  '%s: a power cut after each acknowledgement and at moments between loses nothing durable (more: npm run soak -- power)',
  async (name) => {
    const { operations, cuts, held, problems } = await powerCuts(rig, name, { cuts: 12, random: randomFrom(20_261) })
    process.stdout.write(
      `${name}: ${operations} operations, ${cuts} power cuts, ${held} durable records held at them\n`,
    )
    expect(problems).toEqual([])
    expect(held).toBeGreaterThan(2)
  },
  600_000,
)
