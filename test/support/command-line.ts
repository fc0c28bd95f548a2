import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type Clock, systemClock, type UserFolders, userFolders } from '#core/platform/index.ts'
import { execute } from '../../src/main/cli/command-line.ts'
import { builtPrograms, testRuntime } from './runtime.ts'
import { until } from './until.ts'

const root = join(import.meta.dirname, '../..')
const commandLine = join(builtPrograms, 'cli.js')

/** How a command ended and what it wrote. */
export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A user of this machine: folders of their own, under which consoles and command lines find each other. */
export class TestUser {
  readonly #env: NodeJS.ProcessEnv
  readonly #hosts: ChildProcess[] = []

  constructor(folder: string) {
    this.#env = { ...process.env, WHEELHOUSE_HOME: join(folder, 'user'), XDG_RUNTIME_DIR: join(folder, 'run') }
  }

  /** Runs one command of the command line, as built, with nobody at the terminal. */
  run(...args: readonly string[]): Promise<Ended> {
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [commandLine, ...args],
        { env: this.#env, timeout: 240_000 },
        (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
      )
      child.stdin?.end()
    })
  }

  /** Begins one command whose output is read, or not, by whoever asks. Ended with {@link killHosts}. */
  begin(...args: readonly string[]): ChildProcess {
    return this.beginInto('pipe', ...args)
  }

  /** As {@link begin}, its results going into a file that is open. */
  beginInto(out: 'pipe' | number, ...args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [commandLine, ...args], {
      env: this.#env,
      stdio: ['ignore', out, 'pipe'],
    })
    this.#hosts.push(child)
    return child
  }

  /** Runs one command with `--json` and gives its document; throws with what it said when it did not end with 0. */
  async document<T>(...args: readonly string[]): Promise<T> {
    const { code, out, err } = await this.run(...args, '--json')
    if (code !== 0) throw new Error(`wheelhouse ${args.join(' ')} ended with ${code}: ${err}${out}`)
    return JSON.parse(out)
  }

  /** Starts the console without a window and waits for its address. */
  async startHost(...args: readonly string[]): Promise<TestHost> {
    const child = spawn(process.execPath, [commandLine, 'start', '--headless', '--json', ...args], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#hosts.push(child)
    let out = ''
    let err = ''
    child.stdout.on('data', (text) => {
      out += text
    })
    child.stderr.on('data', (text) => {
      err += text
    })
    const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1)))
    const printed = () => {
      if (child.exitCode !== null) throw new Error(`The host ended with ${child.exitCode}: ${err}`)
      return out.includes('\n')
    }
    await until('the host to print its address', printed)
    const { address, pid } = JSON.parse(out)
    return {
      address,
      pid,
      said: () => err,
      async stop(signal) {
        child.kill(signal)
        return ended
      },
    }
  }

  /** Ends the hosts and what services they leave behind. Rejects when a site still runs then: a test leaves nothing on the machine. */
  async endSite(site: string): Promise<void> {
    await this.killHosts()
    const { code, err } = await this.run('emergency-stop', '--site', site)
    if (code !== 0) throw new Error(`What ${site} runs could not be ended: ${err}`)
  }

  /**
   * Ends what is left of the hosts, for a test that failed half way. Resolves when they are gone: a command would find one that is still
   * dying, and be left without its answer.
   */
  async killHosts(): Promise<void> {
    const alive = this.#hosts.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
    await Promise.all(
      alive.map(async (child) => {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
      }),
    )
  }
}

/**
 * A user whose commands run in this process, beside real consoles: for specs of many commands, each of which would take a start
 * of Node. That commands are programs, with an end and pipes, is shown by other specs.
 */
export class UserHere extends TestUser {
  /** What was shown while commands were at work, oldest first. */
  readonly progress: string[] = []
  /** What is typed where nobody may see it, one after the other. */
  readonly secrets: string[] = []
  /** What is piped into the commands. */
  piped: string | null = null
  readonly #clock: Clock
  readonly #workingDirectory: string
  readonly folders: UserFolders

  constructor(folder: string, clock: Clock = systemClock()) {
    super(folder)
    this.#clock = clock
    this.#workingDirectory = folder
    this.folders = userFolders({
      ...process.env,
      WHEELHOUSE_HOME: join(folder, 'user'),
      XDG_RUNTIME_DIR: join(folder, 'run'),
    })
  }

  override async run(...args: readonly string[]): Promise<Ended> {
    const out: string[] = []
    const err: string[] = []
    const code = await execute(args, {
      terminal: {
        out: (text) => out.push(text),
        err: (text) => err.push(text),
        progress: (line) => void (line === null || this.progress.push(line)),
        ask: async () => null,
        askSecret: async () => this.secrets.shift() ?? null,
        piped: async () => this.piped,
        raw: async () => {},
        onInterrupt: () => ({ [Symbol.dispose]() {} }),
        unread: new Promise(() => {}),
      },
      workingDirectory: this.#workingDirectory,
      folders: this.folders,
      clock: this.#clock,
      places: {
        version: 'test',
        runtime: testRuntime(),
        renderer: '',
        resources: join(root, 'resources'),
        installed: false,
      },
      entryFolder: join(root, 'src/main/cli'),
    })
    return { code, out: `${out.join('\n')}\n`, err: `${err.join('\n')}\n` }
  }
}

export interface TestHost {
  readonly address: string
  readonly pid: number
  /** What it wrote for the person at the terminal. */
  said(): string
  /** Signals it; resolves with its exit code, -1 when the signal itself ended it. */
  stop(signal: NodeJS.Signals): Promise<number>
}
