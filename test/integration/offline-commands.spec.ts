import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { RecoveryPreview } from '#shared/contract/recovery.ts'
import { UserHere } from '../support/command-line.ts'
import { temporaryFolder } from '../support/folders.ts'
import { openTestConsole } from '../support/test-console.ts'
import { makeTinySite } from '../support/tiny-site.ts'

async function newSite() {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const { directory } = await makeTinySite(join(folder.path, 'site'))
  return { home: folder.path, directory, user: new UserHere(folder.path), site: ['--site', directory] as const }
}

test('with no console running, a site that is not trusted is named as that, not as one that has nothing', async () => {
  const { user, site } = await newSite()
  for (const args of [['drill'], ['recovery'], ['dependency']]) {
    const { code, out } = await user.run(...args, ...site)
    expect({ args, code }).toEqual({ args, code: 0 })
    expect(out).toContain('The site is not trusted yet')
    expect(out).toContain('wheelhouse trust --plan')
  }
  for (const args of [
    ['drill', 'run', 'kill-web', '--plan'],
    ['drill', 'history', 'kill-web'],
    ['recovery', 'run', 'restart-unhealthy', '--plan'],
    ['recovery', 'history', '--policy', 'restart-unhealthy'],
  ]) {
    const { code, err } = await user.run(...args, ...site)
    expect({ args, code }).toEqual({ args, code: 2 })
    expect(err).toMatch(/trust/)
  }
})

test('with no console running, the next step of a policy is looked at and not done, and what is unknown is told with what is known', async () => {
  const { home, directory, user, site } = await newSite()
  const console = await openTestConsole(home)
  await console.openInitial({ site: directory, otherwise: 'none', start: false })
  const { fingerprint = '' } = console.state.slice('site').get('site')?.trust ?? {}
  await console.site?.trust(fingerprint, { type: 'operator', via: 'command line' })
  await console.close({ services: 'stop' })

  const step = ['recovery', 'run', 'restart-unhealthy', '--on', 'web'] as const
  const { preview } = await user.document<{ preview: RecoveryPreview }>(...step, '--plan', ...site)
  expect(preview).toMatchObject({
    policy: 'restart-unhealthy',
    subject: 'service:web',
    action: 'restart',
    services: [{ id: 'web', what: 'restart' }],
  })
  expect(await user.run(...step, '--yes', ...site)).toMatchObject({
    code: 2,
    err: expect.stringContaining('wheelhouse start --headless'),
  })
  expect(await user.document('recovery', 'history', '--policy', 'restart-unhealthy', ...site)).toEqual({
    attempts: [],
    more: false,
  })
  for (const args of [
    ['recovery', 'history', '--policy', 'restart-unhealhty'],
    ['recovery', 'run', 'restart-unhealhty', '--plan'],
  ]) {
    const { code, err } = await user.run(...args, ...site)
    expect({ args, code }).toEqual({ args, code: 2 })
    expect(err).toMatch(/This site has no recovery policy "restart-unhealhty"\.\nIt has .*restart-unhealthy/)
  }
  const nobody = await user.run('recovery', 'run', 'restart-unhealthy', '--on', 'wbe', '--plan', ...site)
  expect(nobody).toMatchObject({ code: 2, err: expect.stringContaining('is not about service:wbe') })
})
