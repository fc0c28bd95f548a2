import { diskProblem, type Owners, type ProgramName, type Runtime } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { surveyLeftOut } from '../capture/left-out.ts'
import { runExport, runImport, runUnpack } from './archive-run.ts'
import { runBackup } from './backup-run.ts'
import { runChanges, runList, runRead } from './browse-run.ts'
import { runCopy } from './copy-run.ts'
import { clearUnfinished } from './destination.ts'
import { type Engine, openEngine } from './engine.ts'
import { runExtract } from './extract-run.ts'
import { runAddKey, runProve, runRemoveKey, runUnlock, withRaw } from './key-run.ts'
import { runRemove, runVerify } from './maintenance.ts'
import { type FromHelper, fromConsole, type Hello, hello, type Method, methods } from './messages.ts'
import { runPlan, runStage } from './restore-run.ts'
import { runDiscard } from './sandbox-removal.ts'
import { asProblem } from './space.ts'
import { runForget, runPrune, runWeigh } from './sweep.ts'

export interface ConversationPorts {
  say(message: FromHelper): void
  /** The Node that runs this program. */
  readonly node: string
  readonly owners: Owners
  readonly platform: NodeJS.Platform
}

const progressEveryMs = 100

/** The helper's side of the talk with the console: one request after the other, each answered once. */
export class Conversation {
  readonly #ports: ConversationPorts
  #hello: Hello | undefined
  #engine: (Engine & AsyncDisposable) | undefined
  #queue: Promise<void> = Promise.resolve()
  #goOn: (() => void) | undefined
  #lastProgress = 0

  constructor(ports: ConversationPorts) {
    this.#ports = ports
  }

  hear(line: string): void {
    if (!this.#hello) {
      this.#hello = hello.parse(JSON.parse(line))
      return
    }
    const message = fromConsole.parse(JSON.parse(line))
    if (message.type === 'go-on') {
      this.#goOn?.()
      return
    }
    const greeted = this.#hello
    this.#queue = this.#queue.then(async () => {
      try {
        const method = methodNamed(message.method)
        this.#ports.say({ type: 'done', value: await this.#run(method, message.input, greeted) })
      } catch (error) {
        this.#ports.say({ type: 'failed', problem: problemOf(error) })
      }
    })
  }

  /** Gives the lock back; what still runs is cut off, which does no harm. */
  async close(): Promise<void> {
    await this.#engine?.[Symbol.asyncDispose]()
  }

  async #run(method: Method, input: unknown, greeted: Hello): Promise<unknown> {
    switch (method) {
      case 'lock': {
        await this.#engine?.[Symbol.asyncDispose]()
        this.#engine = await this.#open(greeted, methods.lock.input.parse(input))
        const { config, storage } = this.#engine.repository
        const { key } = storage.protection
        return { repository: config.id, key: key && Buffer.from(key.master).toString('base64') }
      }
      case 'unlock':
        return withRaw(greeted, (raw) => runUnlock(raw, methods.unlock.input.parse(input)))
      case 'add-key':
        return runAddKey(await this.#opened(greeted), methods['add-key'].input.parse(input))
      case 'remove-key':
        await runRemoveKey(await this.#opened(greeted), methods['remove-key'].input.parse(input))
        return {}
      case 'prove':
        return withRaw(greeted, (raw) => runProve(raw, methods.prove.input.parse(input)))
      case 'remove':
        await runRemove({ site: greeted.site }, methods.remove.input.parse(input))
        return {}
      case 'clear-unfinished':
        await clearUnfinished(methods['clear-unfinished'].input.parse(input))
        return {}
      case 'backup':
        return runBackup(await this.#opened(greeted), methods.backup.input.parse(input))
      case 'plan':
        return runPlan(await this.#opened(greeted), methods.plan.input.parse(input))
      case 'stage':
        return runStage(await this.#opened(greeted), methods.stage.input.parse(input))
      case 'extract':
        return runExtract(await this.#opened(greeted), methods.extract.input.parse(input))
      case 'discard':
        await runDiscard({ site: greeted.site }, methods.discard.input.parse(input))
        return {}
      case 'export':
        return runExport(await this.#opened(greeted), methods.export.input.parse(input))
      case 'unpack':
        return runUnpack(await this.#opened(greeted), methods.unpack.input.parse(input))
      case 'import':
        return runImport(await this.#opened(greeted), methods.import.input.parse(input))
      case 'list':
        return runList(await this.#opened(greeted), methods.list.input.parse(input))
      case 'changes':
        return runChanges(await this.#opened(greeted), methods.changes.input.parse(input))
      case 'read':
        return runRead(await this.#opened(greeted), methods.read.input.parse(input))
      case 'copy':
        return runCopy(await this.#opened(greeted), methods.copy.input.parse(input))
      case 'verify':
        return runVerify(await this.#opened(greeted), methods.verify.input.parse(input))
      case 'prune':
        return runPrune(await this.#opened(greeted), methods.prune.input.parse(input))
      case 'weigh':
        return runWeigh(await this.#opened(greeted), methods.weigh.input.parse(input))
      case 'survey': {
        const { scope, exclude, tagged } = methods.survey.input.parse(input)
        return surveyLeftOut(greeted.site.directory, scope, { exclude, tagged })
      }
      case 'forget':
        return runForget(await this.#opened(greeted), methods.forget.input.parse(input))
    }
  }

  /** Without the lock a repository can be read, which is enough to plan. */
  async #opened(greeted: Hello): Promise<Engine> {
    this.#engine ??= await this.#open(greeted, null)
    return this.#engine
  }

  #open(greeted: Hello, lock: { readonly what: string; readonly create: boolean } | null) {
    const { node, owners, platform } = this.#ports
    const runtime: Runtime = { node, program: (name) => programPath(name, greeted) }
    return openEngine(
      greeted,
      {
        runtime,
        owners,
        platform,
        progress: (done, total, unit) => this.#progress(done, total, unit),
        reach: (point) => this.#reach(point),
      },
      lock,
    )
  }

  #progress(done: number, total: number, unit: 'files' | 'bytes'): void {
    const now = performance.now()
    if (done < total && now - this.#lastProgress < progressEveryMs) return
    this.#lastProgress = now
    this.#ports.say({ type: 'progress', done, total, unit })
  }

  #reach(point: string): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve
      this.#ports.say({ type: 'reached', point })
    })
  }
}

function programPath(name: ProgramName, { databaseCopy, crew }: Hello): string {
  if (name === 'database-copy') return databaseCopy
  if (name === 'backup-crew') return crew
  throw new Error(`The backup helper does not run the program ${name}.`)
}

function methodNamed(name: string): Method {
  if (isMethod(name)) return name
  throw new Error(`Unknown request ${name}`)
}

function isMethod(name: string): name is Method {
  return Object.hasOwn(methods, name)
}

function problemOf(error: unknown) {
  const what = 'The work on the backups'
  const told = diskProblem(asProblem(error, what), what)
  if (told instanceof ConsoleError) return told.problem
  const message = error instanceof Error ? error.message : String(error)
  return new ConsoleError(
    'backup-failed',
    `The backup helper could not go on: ${message}.`,
    'Look at the log of the console for details, then try again.',
    { params: { stack: error instanceof Error ? (error.stack ?? null) : null } },
  ).problem
}
