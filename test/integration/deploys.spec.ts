import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beginDeploy, makeDeployedConsultEase, makeSource, reaches } from '../support/deploy-consultease.ts'
import { temporaryFolder } from '../support/folders.ts'
import { openRehearsalRig, type RehearsalRig } from '../support/rehearsal-rig.ts'
import { until } from '../support/until.ts'

const program = join(import.meta.dirname, '../support/mortal-deploy.program.ts')

/** One console after one that was killed, with the real releases, backups and services of the sample. */
describe('On the ConsultEase site', () => {
  const folder = temporaryFolder()
  const directory = join(folder.path, 'site')
  let rig: RehearsalRig
  let written = ''

  const current = () => readlinkSync(join(directory, 'current'))
  const api = () => rig.state.slice('services').get('api')
  const release = (id: string) => rig.site.releases.list().find((each) => each.id === id)
  const consultations = async () => {
    const answer = await fetch(`http://127.0.0.1:${api()?.ports.http}/api/consultations?limit=50`)
    return (await answer.json()) as { readonly topic: string }[]
  }
  /** The code, the file and the services from before, and everything well. */
  const expectAsBefore = async () => {
    expect(current()).toBe('releases/one')
    expect(readFileSync(join(directory, 'site.yaml'), 'utf8')).toBe(written)
    const services = Object.values(rig.state.slice('services').all())
    await until('all is healthy', () =>
      services.every(({ id }) => rig.state.slice('services').get(id)?.health === 'healthy'),
    )
    expect(api()?.cwd).toContain('/releases/one')
    expect((await consultations()).length).toBeGreaterThan(0)
  }

  beforeAll(async () => {
    await makeDeployedConsultEase(directory)
    written = readFileSync(join(directory, 'site.yaml'), 'utf8')
    const child = spawn(process.execPath, [program, folder.path, directory, makeSource(folder.path, 'good')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, WHEELHOUSE_CRASH_AT: 'deploy.in-verify' },
    })
    const told = text(child.stdout)
    expect([await once(child, 'close'), await told]).toEqual([[null, 'SIGKILL'], ''])
    expect(current()).not.toBe('releases/one')
    rig = await openRehearsalRig(folder.path, directory)
  })

  afterAll(async () => {
    await rig?.[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  it('a console killed while it verified leaves what the next opening takes back', async () => {
    const [deploy] = rig.site.deploys.history()
    const ended = await reaches(rig, deploy?.id ?? '', 'rolled-back', 'stuck')
    expect(ended).toMatchObject({ phase: 'rolled-back', failedAt: 'verify' })
    await expectAsBefore()
    // It says nothing of the release.
    expect(release(ended.release)?.verdict).toBe(null)
  })

  it('a release whose health check lies is found out by the site’s own test, taken back and marked', async () => {
    const source = makeSource(folder.path, 'lies', {
      'services/api.mjs': (code) =>
        code.replace(
          "if (method === 'GET' && !id) return",
          "if (method === 'GET' && !id) return { json: [] }\n    if (!method) return",
        ),
    })
    const { job, release: id } = await beginDeploy(rig, source)
    const ended = await reaches(rig, job, 'rolled-back', 'probation', 'stuck', 'refused')
    expect(ended).toMatchObject({ phase: 'rolled-back', failedAt: 'verify', tookBack: 'code' })
    expect(ended.failure).toContain('there are no consultations')
    expect(release(id)?.verdict?.verdict).toBe('bad')
    await expectAsBefore()
    await expect(beginDeploy(rig, source)).rejects.toThrow('proved bad')
  })

  it('a release that crashes once it is on probation is taken back by itself', async () => {
    const signal = join(folder.path, 'crash')
    const { job, release: id } = await beginDeploy(
      rig,
      makeSource(folder.path, 'crashes', {
        'services/api.mjs': (code) =>
          `${code}\nimport { existsSync } from 'node:fs'\nsetInterval(() => existsSync(${JSON.stringify(signal)}) && process.exit(3), 50)\n`,
      }),
    )
    expect((await reaches(rig, job, 'probation', 'rolled-back', 'stuck', 'refused')).phase).toBe('probation')
    expect(current()).toBe(`releases/${id}`)
    expect(rig.state.slice('releases').get('one')?.held).not.toBe(null)
    writeFileSync(signal, '')
    const ended = await reaches(rig, job, 'rolled-back', 'committed', 'stuck')
    expect(ended).toMatchObject({ phase: 'rolled-back', failedAt: 'probation' })
    expect(release(id)?.verdict).toMatchObject({ verdict: 'bad', why: expect.stringContaining('code 3') })
    await until('it may be removed', () => rig.state.slice('releases').get(id)?.held === null)
    await expectAsBefore()
  })

  it('a release that ruins data is taken back with the data, where its site.yaml says so', async () => {
    const source = makeSource(folder.path, 'ruins', {
      'lib/database.mjs': (code) =>
        code.replace(
          "  db.pragma('busy_timeout = 3000')\n",
          "  db.pragma('busy_timeout = 3000')\n  db.exec(\"UPDATE consultations SET topic = 'ruined'\")\n",
        ),
    })
    writeFileSync(join(source, 'site.yaml'), `${written}  data: code-and-data\n`)
    const { job, release: id } = await beginDeploy(rig, source)
    const ended = await reaches(rig, job, 'rolled-back', 'probation', 'stuck', 'refused')
    expect(ended).toMatchObject({ phase: 'rolled-back', failedAt: 'verify', tookBack: 'code-and-data' })
    expect(ended.failure).toContain('consultations are ruined')
    expect(release(id)?.verdict?.verdict).toBe('bad')
    await expectAsBefore()
    expect((await consultations()).filter(({ topic }) => topic === 'ruined')).toEqual([])
  })
})
