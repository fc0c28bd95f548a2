import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { openTestConsole } from '../support/test-console.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import { until } from '../support/until.ts'

const operator = { type: 'operator', via: 'command line' } as const

test('an older copy takes the place of the control database while services run: nothing that is so is forgotten, even by the next console', async () => {
  using folder = temporaryFolder()
  const { directory } = await makeTinySite(join(folder.path, 'tiny'))
  const first = await opened(folder.path, directory)
  const { fingerprint = '' } = first.state.slice('site').get('site')?.trust ?? {}
  await first.site?.trust(fingerprint, operator)
  await first.site?.coordinator.stop('all', { cause: operator, operation: null })
  // The copy holds a job of its own without its end, no card, and other runs than those that follow.
  await first.site?.store.upkeep.copies.take('control', 'by-operator')
  await first.close({ services: 'stop' })

  const program = join(import.meta.dirname, '../support/replaced-control.program.ts')
  const doomed = spawn(process.execPath, [program, folder.path, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void doomed.kill('SIGKILL'))
  const [line] = await once(createInterface(doomed.stdout), 'line')
  const seen = JSON.parse(line)
  expect(seen.opened).toMatchObject({ how: 'replaced', source: 'copy' })
  const runs: readonly { readonly service: string; readonly pid: number }[] = seen.runs
  onTestFinished(() => {
    for (const { pid } of runs) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  })
  expect(runs.map(({ service }) => service)).toEqual(['ticker', 'web'])
  doomed.kill('SIGKILL')
  await once(doomed, 'exit')
  expect(runs.filter(({ pid }) => isAlive(pid))).toEqual(runs)

  const next = await opened(folder.path, directory)
  const { site, state } = next
  if (!site) throw new Error('no site is open')
  expect(state.slice('attention').get('test-card')).toMatchObject({ title: 'Raised before the damage' })
  expect(state.slice('attention').get('store-replaced:control')).toMatchObject({ severity: 'error' })
  // Whether the check itself met the damage, or a reader just before it, is a matter of moments.
  expect(site.jobs.get(seen.job)).toMatchObject({ state: 'completed' })
  expect(site.jobs.get(seen.started)).toMatchObject({ state: 'completed' })
  expect(site.jobs.get(seen.running)).toMatchObject({ state: 'failed' })
  const input = { sql: 'SELECT input FROM jobs WHERE id = ?', values: [seen.running] }
  expect(site.store.control.get(input)).toEqual({ input: '{"what":"kept"}' })
  await until('the services to be taken up', () =>
    ['ticker', 'web'].every((id) => state.slice('services').get(id)?.state === 'running'),
  )
  expect(runs.map(({ service }) => state.slice('services').get(service)?.pid)).toEqual(runs.map(({ pid }) => pid))
  await next.close({ services: 'stop' })
})

async function opened(home: string, directory: string) {
  const console = await openTestConsole(home)
  await console.openInitial({ site: directory, otherwise: 'none', start: false })
  return console
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
