import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { makeHome, projectRoot } from '../test/e2e/desk.ts'
import type { Benchmark } from './benchmark.ts'

const idleSeconds = 60

/** What the headless console takes by itself while its site runs and nobody looks. Linux tells. */
const benchmark: Benchmark = {
  what: `the headless console with the sample site, ${idleSeconds} s after it began, without the site's services: its proportional share of memory (PSS)`,
  async run({ folder, note }) {
    const home = await makeHome(join(folder, 'home'))
    const host = spawn(process.execPath, [join(projectRoot, 'out/main/headless.js'), '--json'], {
      env: { ...process.env, ...home.env },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const ended = once(host, 'exit')
    try {
      await once(createInterface({ input: host.stdout }), 'line')
      note(`idle for ${idleSeconds} s`)
      await setTimeout(idleSeconds * 1_000)
      const text = await readFile(`/proc/${host.pid}/smaps_rollup`, 'utf8')
      const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024
      return [
        { what: 'memory of the idle console, PSS', value: megabytes('Pss'), unit: 'MB', bar: { atMost: 200 } },
        { what: 'its own, not shared with other programs', value: megabytes('Private_Dirty'), unit: 'MB' },
      ]
    } finally {
      host.kill('SIGTERM')
      await ended
    }
  },
}
export default benchmark
