import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { projectRoot } from '../test/e2e/desk.ts'
import { freePorts } from '../test/support/ports.ts'
import { until } from '../test/support/until.ts'
import { type BenchContext, type Benchmark, median } from './benchmark.ts'

const run = promisify(execFile)
/** What each service does before it listens besides starting Node. Milliseconds. */
const initMs = 150
const within = 60_000

const script = `import { createServer } from 'node:http'
setTimeout(() => {
  createServer((request, response) => response.end('ok')).listen(Number(process.env.PORT), '127.0.0.1')
}, ${initMs})
process.on('SIGTERM', () => process.exit(0))
`

const benchmark: Benchmark = {
  what: `Two Node services, the second of which needs the first, away for a deploy: from the last answer of the second before it until the first one after, asked every few milliseconds from outside. Against a plain script that stops both in order, switches the link, and starts both in order, as soon as each answers.`,
  async run(context) {
    const own: number[] = []
    const plain: number[] = []
    await using console = await openConsole(context)
    for (let round = 1; round <= context.rounds; round++) {
      own.push(await console.deploy(round))
      context.note(`round ${round}: the console ${Math.round(own.at(-1) ?? 0)} ms`)
    }
    await console.end()
    await using site = await openPlain(context)
    for (let round = 1; round <= context.rounds; round++) {
      plain.push(await site.deploy(round))
      context.note(`round ${round}: the script ${Math.round(plain.at(-1) ?? 0)} ms`)
    }
    return [
      {
        what: 'time away for a deploy, as a multiple of the plain script’s, median',
        value: median(own) / median(plain),
        unit: 'x',
        bar: { atMost: 1.1 },
      },
      { what: 'time away with the console, median', value: median(own), unit: 'ms' },
      { what: 'time away with the plain script, median', value: median(plain), unit: 'ms' },
    ]
  },
}
export default benchmark

async function makeRelease(folder: string, mark: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const name of ['first', 'second']) await writeFile(join(folder, `${name}.mjs`), `${script}// ${mark}\n`)
}

async function openConsole({ folder }: BenchContext) {
  const directory = join(folder, 'site')
  const [first = 0, second = 0, page = 0] = await freePorts(3)
  await makeRelease(join(directory, 'releases', 'one'), 'one')
  await symlink('releases/one', join(directory, 'current'))
  const service = (name: string, port: number, more: string) =>
    `  ${name}: { kind: node, run: ${name}.mjs, ports: { http: ${port} }, env: { PORT: "\${ports.http}" }, startup: { http: "http://127.0.0.1:\${ports.http}/", every: 25ms, within: 20s }${more} }\n`
  await writeFile(
    join(directory, 'site.yaml'),
    `wheelhouse: 1\nsite: bench\nservices:\n${service('first', first, '')}${service('second', second, ', needs: { first: ready }')}deploy: { checks: [config], probation: 1m }\n`,
  )
  const env = { ...process.env, WHEELHOUSE_HOME: join(folder, 'home'), XDG_RUNTIME_DIR: folder }
  const program = (name: string) => join(projectRoot, 'out', 'main', name)
  const host = spawn(process.execPath, [program('headless.js'), '--site', directory, '--port', String(page)], {
    env,
    stdio: 'ignore',
  })
  const command = (...words: string[]) =>
    run(process.execPath, [program('cli.js'), '--site', directory, ...words], { env })
  await until('the console', () => command('trust', '--yes').catch(() => null), within)
  await until('the services', () => answers(second), within)
  const end = async () => {
    if (host.exitCode !== null) return
    host.kill('SIGTERM')
    await once(host, 'exit')
  }
  return {
    async deploy(round: number) {
      const source = join(folder, `source-${round}`)
      await makeRelease(source, `round ${round}`)
      const gap = measureGap(second)
      await command('deploy', source, '--yes')
      const ms = await gap.end()
      await command('deploys', 'commit')
      return ms
    },
    end,
    [Symbol.asyncDispose]: end,
  }
}

async function openPlain({ folder }: BenchContext) {
  const directory = join(folder, 'plain')
  const [first = 0, second = 0] = await freePorts(2)
  await makeRelease(join(directory, 'one'), 'one')
  await symlink('one', join(directory, 'current'))
  const start = async (name: string, port: number) => {
    const child = spawn(process.execPath, [join(directory, 'current', `${name}.mjs`)], {
      env: { ...process.env, PORT: String(port) },
      stdio: 'ignore',
    })
    await until(name, () => answers(port), within)
    return child
  }
  const stop = async (child: ChildProcess) => {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  let running = [await start('first', first), await start('second', second)]
  return {
    async deploy(round: number) {
      await makeRelease(join(directory, `round-${round}`), `round ${round}`)
      const gap = measureGap(second)
      for (const child of running.toReversed()) await stop(child)
      await symlink(`round-${round}`, join(directory, 'next'))
      await rename(join(directory, 'next'), join(directory, 'current'))
      await readFile(join(directory, 'current', 'first.mjs'))
      running = [await start('first', first), await start('second', second)]
      return await gap.end()
    },
    async [Symbol.asyncDispose]() {
      for (const child of running.toReversed()) await stop(child)
    },
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', agent: false, timeout: 1_000 }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode === 200))
    })
    request.once('error', () => resolve(false))
    request.once('timeout', () => request.destroy())
  })
}

/** Asks without a pause; the longest time between two answers is how long it was away. */
function measureGap(port: number) {
  let ended = false
  let last = performance.now()
  let longest = 0
  const asking = (async () => {
    while (!ended) {
      if (await answers(port)) {
        const now = performance.now()
        longest = Math.max(longest, now - last)
        last = now
      }
      await new Promise((resolve) => setTimeout(resolve, 4))
    }
  })()
  return {
    async end() {
      await until('an answer', () => answers(port), within)
      await new Promise((resolve) => setTimeout(resolve, 50))
      ended = true
      await asking
      return longest
    },
  }
}
