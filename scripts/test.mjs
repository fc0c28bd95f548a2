// npm test: installs what is missing, then types, lint and format, build, and every test. The last line is
// "N passed, N failed" with ", N skipped" when some were; those are listed with their reasons. Exit code 1 on any failure.
// `npm test -- unit lint` runs only the parts named. Runs on Node 20.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureBuilt } from './parts/build.mjs'
import { ensureInstalled, node, programs, projectEnvironment } from './parts/installation.mjs'
import { root, run, say } from './parts/run.mjs'

const checks = {
  types: () => run(node, [join(programs, 'tsc'), '-p', '.'], { env: projectEnvironment() }),
  lint: () =>
    run(join(programs, 'biome'), ['ci', ...(process.stdout.isTTY ? [] : ['--colors=off']), '.'], {
      env: projectEnvironment(),
    }),
  build: () => ensureBuilt(),
}
const suites = ['unit', 'contract', 'integration', 'e2e', 'electron']
/** Suites that run what was built. */
const needBuild = ['e2e', 'electron']

process.exitCode = await test(process.argv.slice(2))

async function test(asked) {
  const known = [...Object.keys(checks), ...suites]
  const unknown = asked.filter((part) => !known.includes(part))
  if (unknown.length > 0) {
    say(`There is no part called ${unknown.join(', ')}. The parts are: ${known.join(', ')}.`)
    return 2
  }
  if (!(await ensureInstalled())) return finish([{ part: 'install', passed: 0, failed: ['the packages'], skipped: [] }])
  const wants = (part) => asked.length === 0 || asked.includes(part)
  const results = []
  for (const [part, check] of Object.entries(checks)) {
    if (!wants(part) && !(part === 'build' && needBuild.some(wants))) continue
    say(`\n== ${part}`)
    const ok = (await check()) === 0
    results.push({ part, passed: ok ? 1 : 0, failed: ok ? [] : [`${part} (see above)`], skipped: [] })
  }
  const built = !results.some(({ part, passed }) => part === 'build' && passed === 0)
  const runnable = suites.filter((suite) => wants(suite) && (built || !needBuild.includes(suite)))
  if (runnable.length > 0) results.push(...(await runSuites(runnable)))
  for (const suite of needBuild.filter((suite) => wants(suite) && !built)) {
    results.push({
      part: suite,
      passed: 0,
      failed: [],
      skipped: [{ test: `all of ${suite}`, reason: 'the build failed' }],
    })
  }
  return finish(results)
}

/** Runs Vitest once over the suites; they follow one another in it. */
async function runSuites(names, files = []) {
  say(`\n== ${names.join(', ')}`)
  const folder = mkdtempSync(join(tmpdir(), 'wheelhouse-summary-'))
  const file = join(folder, 'summary.json')
  try {
    const code = await run(
      node,
      [
        join(root, 'node_modules', 'vitest', 'vitest.mjs'),
        'run',
        ...files,
        ...names.flatMap((name) => ['--project', name]),
        '--reporter=default',
        `--reporter=${join(root, 'scripts', 'parts', 'test-summary.mjs')}`,
      ],
      { env: { ...projectEnvironment(), WHEELHOUSE_TEST_SUMMARY: file } },
    )
    const results = collect(names, code, file)
    const crashed = crashedIn(file)
    if (files.length > 0 || crashed.length === 0) return results
    return againAfterCrash(names, results, crashed)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Node 24 can crash natively ("jit_page.has_value()") while threads of one process load and drop WebAssembly; see
 * docs/decisions.md. That says nothing of the tests in the file that the process ran. Such files, never failed tests, run
 * once more; what they come to then counts.
 */
async function againAfterCrash(names, results, crashed) {
  for (const { signal, file } of crashed)
    say(`\nNode itself crashed (${signal}) while it ran ${file}; that file runs once more.`)
  const second = await runSuites(
    names,
    crashed.map(({ file }) => file),
  )
  const own = results.filter(({ part }) => part !== 'outside any test')
  const stray = results.find(({ part }) => part === 'outside any test')
  const unexplained = (stray?.failed ?? []).slice(crashed.length)
  const merged = own.map((result) => {
    const more = second.find(({ part }) => part === result.part)
    return more
      ? {
          part: result.part,
          passed: result.passed + more.passed,
          failed: [...result.failed, ...more.failed],
          skipped: [...result.skipped, ...more.skipped],
        }
      : result
  })
  const others = second.filter(({ part }) => !own.some((result) => result.part === part))
  return [
    ...merged,
    ...others,
    ...(unexplained.length > 0 ? [{ part: 'outside any test', passed: 0, failed: unexplained, skipped: [] }] : []),
  ]
}

function crashedIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).crashed ?? []
  } catch {
    return []
  }
}

function collect(names, code, file) {
  let summary
  try {
    summary = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return [{ part: 'tests', passed: 0, failed: [`Vitest ended with ${code} and left no result`], skipped: [] }]
  }
  const none = { passed: 0, failed: [], skipped: [] }
  const results = names.map((part) => ({ part, ...(summary.projects[part] ?? none) }))
  const seen = summary.errors.length + results.reduce((sum, { failed }) => sum + failed.length, 0)
  const stray = seen === 0 && code !== 0 ? [`Vitest ended with ${code} although no test failed`] : summary.errors
  return stray.length > 0 ? [...results, { part: 'outside any test', passed: 0, failed: stray, skipped: [] }] : results
}

/** Prints the summary. The counts come last, on a line of their own. */
function finish(results) {
  say('\n== summary')
  for (const { part, passed, failed, skipped } of results) {
    say(
      `${part.padEnd(18)}${String(passed).padStart(5)} passed${String(failed.length).padStart(5)} failed${String(skipped.length).padStart(5)} skipped`,
    )
  }
  const failed = results.flatMap(({ part, failed }) => failed.map((test) => `${part}: ${test}`))
  const skipped = results.flatMap(({ part, skipped }) =>
    skipped.map(({ test, reason }) => `${part}: ${test} (${reason})`),
  )
  if (failed.length > 0) say(`\nFailed:\n${failed.map((line) => `  ${line}`).join('\n')}`)
  if (skipped.length > 0) say(`\nSkipped, with the reason:\n${skipped.map((line) => `  ${line}`).join('\n')}`)
  const passed = results.reduce((sum, result) => sum + result.passed, 0)
  say()
  say(`${passed} passed, ${failed.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`)
  return failed.length > 0 ? 1 : 0
}
