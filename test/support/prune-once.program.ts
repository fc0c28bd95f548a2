/** Removes all snapshots of a repository but the newest and sweeps, as another console would; prints what it was told. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'
import { forget } from '../backups/forget.ts'
import { testRuntime } from './runtime.ts'

const [site = '', folder = ''] = process.argv.slice(2)
const snapshots = readdirSync(join(folder, 'snapshots')).map((name) => name.replace(/\.json$/, ''))
try {
  await forget({ site, folder }, snapshots.slice(0, -1), testRuntime())
  process.stdout.write('pruned')
} catch (error) {
  if (!(error instanceof ConsoleError)) throw error
  process.stdout.write(`${error.problem.code}: ${error.problem.message}`)
}
