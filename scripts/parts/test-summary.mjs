// A Vitest reporter that says what failed as it fails, and leaves the counts, with the reason of each skipped test, in the
// file that WHEELHOUSE_TEST_SUMMARY names. scripts/test.mjs makes the summary from it.
import { writeFileSync } from 'node:fs'

export default class TestSummary {
  /** @type {Map<string, { passed: number, failed: string[], skipped: { test: string, reason: string }[] }>} */
  #projects = new Map()
  #errors = []

  onTestCaseResult(test) {
    const counts = this.#of(test.project.name)
    const result = test.result()
    const name = `${test.module.relativeModuleId ?? test.module.moduleId} › ${test.fullName}`
    if (result.state === 'passed') counts.passed++
    else if (result.state === 'failed') counts.failed.push(name)
    else if (result.state === 'skipped') counts.skipped.push({ test: name, reason: result.note ?? 'no reason given' })
  }

  onTestModuleEnd(module) {
    // A file that cannot be loaded, or whose hooks fail, has no failed test of its own.
    const broken = [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())]
    for (const error of broken) {
      this.#of(module.project.name).failed.push(`${module.relativeModuleId ?? module.moduleId}: ${firstLine(error)}`)
    }
  }

  onTestRunEnd(_modules, errors) {
    this.#errors = errors.map(firstLine)
    const projects = Object.fromEntries(this.#projects)
    // A process of Node itself that crashed natively ran some file; no test of it failed.
    const crashed = errors.flatMap((error) => crashedFile(error))
    writeFileSync(process.env.WHEELHOUSE_TEST_SUMMARY, JSON.stringify({ projects, errors: this.#errors, crashed }))
  }

  #of(project) {
    const known = this.#projects.get(project)
    if (known) return known
    const fresh = { passed: 0, failed: [], skipped: [] }
    this.#projects.set(project, fresh)
    return fresh
  }
}

function firstLine(error) {
  return String(error.message ?? error).split('\n')[0]
}

function crashedFile(error) {
  const told = /exited unexpectedly with signal (SIG\w+).* while running test file (\S+)/.exec(
    `${error.message ?? ''} ${error.cause?.message ?? ''} ${error.stack ?? ''}`,
  )
  return told && ['SIGSEGV', 'SIGTRAP', 'SIGABRT', 'SIGILL'].includes(told[1])
    ? [{ signal: told[1], file: told[2] }]
    : []
}
