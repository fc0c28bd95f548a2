import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { freePorts } from '../../support/ports.ts'
import { testRuntime } from '../../support/runtime.ts'

const release = join(import.meta.dirname, '../../../resources/sites/consultease/release')

/** A service of the sample as a real process, started as the coordinator starts it; killed with the test. */
export class SampleService implements AsyncDisposable {
  readonly #child: ChildProcess
  #output = ''

  constructor(name: 'api' | 'desk-units' | 'kiosk' | 'first-database', env: Readonly<Record<string, string>>) {
    const hooks = pathToFileURL(testRuntime().program('service-hooks')).href
    this.#child = spawn(process.execPath, ['--import', hooks, join(release, 'services', `${name}.mjs`)], {
      cwd: release,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString('utf8')
      })
    }
  }

  /** Everything that it has written so far. */
  get output(): string {
    return this.#output
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Exit code, or the signal that ended it. */
  async exit(): Promise<number | string | null> {
    if (this.running) await once(this.#child, 'exit')
    return this.#child.exitCode ?? this.#child.signalCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL')
    await this.exit()
  }
}

/** A port of 127.0.0.1 that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1)
  return port
}

/** Status and JSON of an address; undefined while nobody answers. */
export async function get(url: string): Promise<{ status: number; json: unknown } | undefined> {
  return send(url, 'GET')
}

export async function send(
  url: string,
  method: string,
  body?: unknown,
): Promise<{ status: number; json: unknown } | undefined> {
  try {
    const response = await fetch(url, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(5000),
    })
    return { status: response.status, json: await response.json() }
  } catch {
    return undefined
  }
}
