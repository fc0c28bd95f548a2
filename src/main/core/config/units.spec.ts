import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { commandsOf, loadSite } from './index.ts'

async function load(service: string, other = '') {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'site.yaml'), `wheelhouse: 1\nsite: lab\nservices:\n  camera: ${service}\n${other}`)
  return await loadSite(folder.path)
}

const given = (unit: string) => load(`{ kind: process, run: "sh camera.sh", unit: ${unit} }`)

it('a unit is named alone, or with whose systemd it is of', async () => {
  const system = await given('camera.service')
  expect(system.definition?.services.camera?.unit).toEqual({ name: 'camera.service', of: 'system' })
  const user = await given('{ name: camera@1.service, of: user }')
  expect(user.definition?.services.camera?.unit).toEqual({ name: 'camera@1.service', of: 'user' })
})

it('what systemctl could take for an option, a path or several units is no name', async () => {
  for (const name of [
    '--now.service',
    '-H',
    '../x.service',
    'a/b.service',
    '"a b.service"',
    '"a*.service"',
    'a.socket',
  ]) {
    const loaded = await given(name)
    expect(loaded.valid ? [] : loaded.problems, name).toMatchObject([{ code: 'unit-bad' }])
  }
})

it('two services of one unit are told with both names and what to do; a unit of the same name of another systemd is another', async () => {
  const camera = '{ kind: external, unit: camera.service }'
  const second = (unit: string) => load(camera, `  front: { kind: external, unit: ${unit} }\n`)
  for (const unit of ['camera.service', '{ name: camera.service, of: system }']) {
    const loaded = await second(unit)
    expect(loaded.valid ? [] : loaded.problems, unit).toMatchObject([
      {
        code: 'unit-twice',
        line: 5,
        path: 'services.front.unit',
        message: 'The system unit camera.service is named twice in this site: by service camera and by service front.',
        remedy: expect.stringContaining('Leave `unit` with the service that camera.service runs'),
      },
    ])
  }
  expect(await second('{ name: camera.service, of: user }')).toMatchObject({ valid: true })
})

it('which unit an adoption would stop is among what is trusted', async () => {
  const { definition } = await given('camera.service')
  if (!definition) throw new Error('site.yaml is not valid')
  const commands = commandsOf(definition).map(({ command }) => command)
  expect(commands).toContain('<when it is adopted, the system unit camera.service is stopped and disabled>')
})
