import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { compileShim, FaultDisk } from './fault-disk.ts'
import { needsFaultDisk } from './needs-fault-disk.ts'
import { operationsIn } from './trace.ts'

const missing = needsFaultDisk()
const folder = temporaryFolder()
let library = ''
beforeAll(() => {
  if (missing === null) library = compileShim(folder.path)
})
afterAll(() => folder[Symbol.dispose]())

let disks = 0
const newDisk = () => new FaultDisk(library, join(folder.path, `${++disks}`))

/** What a script on the disk printed. It finds `root`, `fs` and `arm(fault, at)`, which lets an operation from now on fail. */
function output(disk: FaultDisk, script: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, argumentsFor(script), {
    env: { ...process.env, ...disk.env },
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`The script failed: ${stderr}`)
  return stdout
}

function argumentsFor(script: string): string[] {
  const prelude = `
    const fs = await import('node:fs'), root = process.env.WHEELHOUSE_FAULT_ROOT
    const arm = (fault, at) => {
      const bytes = Buffer.alloc(48)
      bytes.writeUInt32LE(1, 0); bytes.writeUInt32LE(fault, 4); bytes.writeBigUInt64LE(BigInt(at), 8)
      const control = fs.openSync(process.env.WHEELHOUSE_FAULT_CONTROL, 'r+')
      fs.writeSync(control, bytes, 0, 48, 0); fs.closeSync(control)
    }
    const codeOf = (action) => { try { action(); return 'done' } catch (error) { return error.code } };`
  return ['--input-type=module', '-e', prelude + script, import.meta.resolve('better-sqlite3')]
}

test('a write and an fsync that fail reach SQLite, in a worker thread as well', () => {
  const script = `
    const { default: Database } = await import(process.argv[1])
    const database = new Database(root + '/x.db')
    database.pragma('journal_mode = WAL'); database.pragma('synchronous = FULL')
    database.exec('CREATE TABLE t (text TEXT)')
    const insert = database.prepare('INSERT INTO t VALUES (?)')
    const codes = []
    for (let at = 1; codes.at(-1) !== 'done'; at++) { arm(1, at); codes.push(codeOf(() => insert.run('x'))) }
    console.log(JSON.stringify(codes))`
  const expected = ['SQLITE_IOERR_WRITE', 'SQLITE_IOERR_FSYNC', 'done']
  expect([...new Set<string>(JSON.parse(output(newDisk(), script)))]).toEqual(expected)
  const inThread = `
    const { Worker } = await import('node:worker_threads')
    const code = ${JSON.stringify(argumentsFor(script)[2])}.replaceAll('process.argv[1]', JSON.stringify(process.argv[1]))
    new Worker(new URL('data:text/javascript,' + encodeURIComponent(code)))`
  expect([...new Set<string>(JSON.parse(output(newDisk(), inThread)))]).toEqual(expected)
})

test('every kind of operation that fails reaches fs, with the name of the call', () => {
  const script = `
    const { writeFileSync, openSync } = fs, at = (name) => root + '/' + name
    writeFileSync(at('a'), 'a')
    const file = openSync(at('a'), 'r+'), there = openSync(root, 'r')
    const calls = [
      () => openSync(at('new'), 'w'), () => fs.writeSync(file, 'x'), () => fs.writeSync(file, 'x', 5),
      () => fs.writevSync(file, [Buffer.from('x'), Buffer.from('y')]), () => fs.ftruncateSync(file, 0),
      () => fs.fsyncSync(file), () => fs.fdatasyncSync(file), () => fs.fsyncSync(there), () => fs.renameSync(at('a'), at('b')),
      () => fs.linkSync(at('a'), at('b')), () => fs.mkdirSync(at('c')), () => fs.unlinkSync(at('a')),
    ]
    const told = calls.map((call) => { arm(1, 1); try { call(); return 'done' } catch (e) { return e.code + ' ' + e.syscall } })
    arm(0, 0)
    console.log(JSON.stringify([told, fs.readdirSync(root)]))`
  const calls = [
    'open',
    'write',
    'write',
    'write',
    'ftruncate',
    'fsync',
    'fdatasync',
    'fsync',
    'rename',
    'link',
    'mkdir',
    'unlink',
  ]
  expect(JSON.parse(output(newDisk(), script))).toEqual([calls.map((call) => `EIO ${call}`), ['a']])
})

test('operations of child processes are numbered by the same counter, and fail as well', () => {
  const disk = newDisk()
  disk.arm('ENOSPC', 4)
  const script = `
    fs.writeFileSync(root + '/a', 'a')
    const { spawnSync } = await import('node:child_process')
    const writesAnother = "fs.writeFileSync(process.env.WHEELHOUSE_FAULT_ROOT + '/b', 'b')"
    console.log(spawnSync(process.execPath, ['-e', writesAnother], { encoding: 'utf8' }).stderr)`
  expect(output(disk, script)).toContain('ENOSPC: no space left on device, write')
  expect(disk.operations).toMatchObject({ count: 4, failed: 1 })
  expect(disk.operations.what).toMatch(/^write .*\/b$/)
})

test('a crash ends the program, its threads and its children in the middle of the write', async () => {
  const disk = newDisk()
  disk.arm('crash', 2)
  const script = `
    const { spawn } = await import('node:child_process')
    spawn('sleep', ['1000'], { stdio: 'inherit' }).once('spawn', () => fs.writeFileSync(root + '/a', 'x'.repeat(1000)))`
  const child = spawn(process.execPath, argumentsFor(script), {
    env: { ...process.env, ...disk.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // Its output closes only when nobody holds it any more, and the sleep does.
  child.stdout.resume()
  const [, signal] = await once(child, 'close')
  expect(signal).toBe('SIGKILL')
  expect(statSync(join(disk.root, 'a')).size).toBe(500)
})

test('a short write is told as such, and the next finds no space; a full disk stays full until it is mended', () => {
  const script = `
    const file = fs.openSync(root + '/a', 'w')
    // Node writes the rest by itself, and is told then.
    arm(4, 1)
    const short = [fs.writeSync(file, 'x'.repeat(10)), codeOf(() => fs.writeSync(file, 'y'))]
    arm(6, 2)
    const full = [1, 2, 3].map(() => codeOf(() => fs.writeSync(file, 'x')))
    arm(0, 0)
    console.log(JSON.stringify([short, full, codeOf(() => fs.writeSync(file, 'x'))]))`
  expect(JSON.parse(output(newDisk(), script))).toEqual([[5, 'done'], ['done', 'ENOSPC', 'ENOSPC'], 'done'])
})

test('a trace holds every change in order, with its data and what the driver noted', () => {
  const disk = newDisk()
  disk.record()
  output(
    disk,
    `const marks = fs.openSync(process.env.WHEELHOUSE_FAULT_MARKS, 'a')
     fs.mkdirSync(root + '/f'); fs.writeFileSync(root + '/f/a', 'hello'); fs.writeSync(marks, 'told')
     fs.appendFileSync(root + '/f/a', ' world'); fs.renameSync(root + '/f/a', root + '/f/b')
     fs.truncateSync(root + '/f/b', 3); fs.unlinkSync(root + '/f/b')`,
  )
  const at = (name: string) => join(disk.root, name)
  expect(operationsIn(disk.trace)).toMatchObject([
    { type: 'mkdir', path: at('f') },
    { type: 'create', path: at('f/a') },
    { type: 'write', path: at('f/a'), at: 0, data: Buffer.from('hello') },
    { type: 'mark', text: 'told' },
    { type: 'write', path: at('f/a'), at: 5, data: Buffer.from(' world') },
    { type: 'rename', from: at('f/a'), to: at('f/b') },
    { type: 'truncate', path: at('f/b'), size: 3 },
    { type: 'unlink', path: at('f/b') },
  ])
  expect(readFileSync(disk.marks, 'utf8')).toBe('told')
})
