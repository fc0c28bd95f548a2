import { describe, expect, it } from 'vitest'
import { functionRig } from '../../../../../test/support/function-rig.ts'
import { until } from '../../../../../test/support/until.ts'

/** Does what a message says. */
const obedient = `
  import { setTimeout as later } from 'node:timers/promises'
  export default async function (message, context) {
    switch (message.do) {
      case 'loop': for (;;) {}
      case 'exit': process.exit(3)
      case 'throw': throw new RangeError('not on this desk')
      case 'hang': return new Promise(() => {})
      case 'heap': { const all = []; for (;;) all.push({ ...message, n: all.length }) }
      case 'buffers': { const all = []; for (;;) all.push(Buffer.alloc(1_000_000, 1)) }
      case 'flood': for (let n = 0; n < 50_000; n++) console.log('a line', n); return 'flooded'
      case 'stray': void Promise.reject(new Error('nobody looked')); return 'strayed'
      case 'giant': return 'x'.repeat(5_000_000)
      case 'circle': { const one = {}; one.self = one; return one }
      case 'later': await later(message.ms); return message.n
      case 'write': (await import('node:fs')).writeFileSync(import.meta.dirname + '/made', ''); return 'written'
      case 'run': (await import('node:child_process')).execSync('true'); return 'run'
      case 'thread': new (await import('node:worker_threads')).Worker('', { eval: true, execArgv: [] }); return 'a thread'
      case 'hooks': (await import('node:module')).register('data:text/javascript,'); return 'a thread'
      case 'signal': process.kill(process.ppid, 0); return 'a signal'
      case 'signal within': process._kill(process.ppid, 0); return 'a signal'
      case 'debug': process._debugProcess(process.ppid); return 'a signal'
      case 'signal again': delete process.kill; process.kill = undefined; return 'a signal'
      case 'throw badly': throw new Proxy({}, { getPrototypeOf() { throw new Error('not even that') } })
      case 'environment': return Object.keys(process.env).sort().join(' ')
      default: return { ...message, topic: context.topic }
    }
  }
`

describe('The function of a route', () => {
  it('is given payload and context, and what it gives goes on as it is', async () => {
    await using rig = await functionRig({
      'f.mjs': `export default (payload, context) => payload === 1 ? { payload, ...context, frozen: Object.isFrozen(context) && Object.isFrozen(context.levels) }
        : payload === 2 ? 'text' : payload === 3 ? new Uint8Array([1, 255]) : payload === 4 ? null : payload === 5 ? undefined
        : payload === 6 ? 12345678901234567890n : [new Date(0)]`,
    })
    rig.give(1, 2, 3, 4, 5, 6, 7)
    const [context, ...others] = await rig.results(7)
    expect(JSON.parse(context ?? '')).toEqual({
      payload: 1,
      topic: 'desk/7/status',
      levels: ['desk', '7', 'status'],
      received: '2026-01-05T00:00:00.000Z',
      retained: false,
      qos: 1,
      client: 'unit-7',
      properties: { user: {}, hops: 0 },
      route: 'r',
      frozen: true,
    })
    expect(others).toEqual([
      'text',
      'bytes 01ff',
      'null',
      'filtered',
      '12345678901234567890',
      '["1970-01-01T00:00:00.000Z"]',
    ])
    expect(rig.ledger.counts()).toMatchObject({ calls: 7, failed: 0, timedOut: 0, ended: 0, failure: null })
  })

  it('is given text or bytes where that is asked for', async () => {
    const file = {
      'f.mjs': 'export const size = (payload) => [typeof payload, payload.length, payload.constructor.name].join(" ")',
    }
    await using text = await functionRig(file, { export: 'size', payload: 'text' })
    await using bytes = await functionRig(file, { export: 'size', payload: 'bytes' })
    text.give(Buffer.from('é'))
    bytes.give(Buffer.from('é'))
    expect([await text.results(1), await bytes.results(1)]).toEqual([['string 1 String'], ['object 2 Buffer']])
  })

  it('keeps the order of messages, also where some take longer', async () => {
    await using rig = await functionRig({ 'f.mjs': obedient })
    rig.give(...Array.from({ length: 20 }, (_, n) => ({ do: 'later', ms: n % 3, n })))
    expect(await rig.results(20)).toEqual(Array.from({ length: 20 }, (_, n) => String(n)))
  })

  it('that throws, or gives what cannot go on, costs that message alone, with file and line', async () => {
    await using rig = await functionRig({ 'f.mjs': obedient })
    rig.give({ do: 'throw' }, { do: 'giant' }, { do: 'circle' }, { n: 1 })
    expect(await rig.results(4)).toEqual([
      'failed: RangeError: not on this desk (f.mjs, line 7)',
      'failed: it gave 5000000 bytes, more than the 4194304 that are taken',
      'failed: it gave something that refers to itself, which JSON cannot say',
      '{"n":1,"topic":"desk/7/status"}',
    ])
    expect(rig.ledger.counts()).toMatchObject({ calls: 4, failed: 3 })
  })

  it.each(['loop', 'hang'])(
    'that does not come to an end (%s) is ended at its time, and costs that message alone',
    async (what) => {
      await using rig = await functionRig({ 'f.mjs': obedient })
      rig.give({ n: 0 })
      await rig.results(1)
      const first = rig.runner.pid
      rig.give({ n: 1 }, { n: 2 }, { do: what }, { n: 3 }, { n: 4 })
      // Which of them it was shows when they are tried one by one.
      await rig.clock.advance(210)
      await until('those before it to be through', async () => {
        await rig.clock.advance(0)
        return rig.outcomes.length === 3
      })
      // Its time passes once or twice: when those before it were answered at the last moment, it is with those behind it once more.
      await until('those behind it to be through', async () => {
        await rig.clock.advance(rig.outcomes.length === 3 ? 210 : 0)
        return rig.outcomes.length === 6
      })
      expect((await rig.results(6)).slice(1)).toEqual([
        '{"n":1,"topic":"desk/7/status"}',
        '{"n":2,"topic":"desk/7/status"}',
        'failed: f.mjs did not answer within 200 ms and was ended with this message',
        '{"n":3,"topic":"desk/7/status"}',
        '{"n":4,"topic":"desk/7/status"}',
      ])
      expect(rig.ledger.counts()).toMatchObject({ timedOut: 1, ended: 0 })
      expect(rig.runner.pid).not.toBe(first)
    },
  )

  it.each([
    ['exit', 'ended by itself with code 3'],
    ['heap', 'needed more than 128 MB of memory and ended'],
    ['buffers', 'needed more than 384 MB of memory and was ended'],
  ])('whose process ends (%s) costs the message that did it alone', async (what, how) => {
    await using rig = await functionRig({ 'f.mjs': obedient }, { timeoutMs: 60_000 })
    rig.give({ n: 1 }, { do: what }, { n: 2 })
    await until('the others to be through', async () => {
      await rig.clock.advance(100)
      return rig.outcomes.length === 3
    })
    expect(await rig.results(3)).toEqual([
      '{"n":1,"topic":"desk/7/status"}',
      `failed: f.mjs ${how} with this message`,
      '{"n":2,"topic":"desk/7/status"}',
    ])
    expect(rig.ledger.counts()).toMatchObject({ timedOut: 0, ended: 1 })
  })

  it('that ends again and again is given longer and longer pauses', async () => {
    await using rig = await functionRig({ 'f.mjs': obedient })
    for (let n = 0; n < 6; n++) {
      rig.give({ do: 'exit' })
      await until(
        'it to end',
        () => rig.outcomes.length === n + 1 || rig.clock.advance(n < 2 ? 100 : 0).then(() => false),
      )
      if (n >= 3) {
        await rig.clock.advance(100 * 2 ** (n - 1) - 1)
        expect(rig.runner.pid).toBeUndefined()
        await rig.clock.advance(1)
      } else await rig.clock.advance(200)
      expect(rig.runner.pid).toBeDefined()
    }
  })

  it('may write as much as it likes: a few lines are passed on, the others counted', async () => {
    await using rig = await functionRig({ 'f.mjs': obedient })
    rig.give({ do: 'flood' })
    expect(await rig.results(1)).toEqual(['flooded'])
    await until('the first lines', () => rig.said.length >= 20)
    expect(rig.said[0]).toBe('The function of route r says: a line 0')
    expect(rig.said.filter((line) => line.includes('says:')).length).toBe(20)
  })

  it('is not ended by a promise that is rejected and that nobody looks after', async () => {
    await using rig = await functionRig({ 'f.mjs': obedient })
    rig.give({ do: 'stray' }, { n: 1 })
    expect(await rig.results(2)).toEqual(['strayed', '{"n":1,"topic":"desk/7/status"}'])
    await until('it to be told', () => rig.said.some((line) => line.includes('nobody looked')))
  })

  it('may throw something that throws when it is looked at, and is not held up by it', async () => {
    await using rig = await functionRig({ 'f.mjs': obedient })
    rig.give({ do: 'throw badly' }, { n: 1 })
    expect(await rig.results(2)).toEqual([
      'failed: it threw something that cannot be looked at',
      '{"n":1,"topic":"desk/7/status"}',
    ])
  })

  it('may start no threads, which would have all rights', async () => {
    await using rig = await functionRig({ 'f.mjs': obedient })
    rig.give({ do: 'thread' }, { do: 'hooks' })
    for (const result of await rig.results(2)) expect(result).toMatch(/^failed: Error: a function may read what lies/)
  })

  it('may send no signals: one could end the console, another open its debugger', async () => {
    await using rig = await functionRig({ 'f.mjs': obedient })
    rig.give({ do: 'signal' }, { do: 'signal within' }, { do: 'debug' }, { do: 'signal again' })
    const [kill, within, debug, again] = await rig.results(4)
    for (const result of [kill, within, debug])
      expect(result).toMatch(/^failed: Error: a function may not send signals/)
    expect(again).toMatch(/^failed: TypeError: Cannot delete property/)
  })

  it('may neither write files nor start programs, and is told nothing of the environment', async () => {
    process.env.SECRET_OF_CONSOLE = 'x'
    await using rig = await functionRig({ 'f.mjs': obedient })
    rig.give({ do: 'write' }, { do: 'run' }, { do: 'environment' })
    const [write, run, environment] = await rig.results(3)
    expect(write).toMatch(/^failed: Error: a function may read what lies in the release.*f\.mjs, line/)
    expect(run).toMatch(/^failed: Error: a function may read/)
    expect(environment).not.toMatch(/SECRET/)
    delete process.env.SECRET_OF_CONSOLE
  })

  it('is taken over when its file changes; a broken one leaves the one from before in use, and its process too', async () => {
    await using rig = await functionRig(
      {
        'lib/word.mjs': "export const word = 'one'\n",
        'f.mjs':
          "import { word } from './lib/word.mjs'\nexport default (n) => { if (n === 'end') process.exit(); return word + n }\n",
      },
      { timeoutMs: 60_000 },
    )
    rig.give(1)
    expect(await rig.results(1)).toEqual(['one1'])
    rig.write('lib/word.mjs', "export const word = 'second'\n")
    await until('the change to be taken over', async () => {
      rig.give(0)
      return (await rig.results(rig.outcomes.length + 1)).at(-1) === 'second0'
    })

    rig.write('lib/word.mjs', "export const word = 'third'\n\nexport const = 3\n")
    await until('it to be told', () => rig.ledger.counts().failure !== null)
    expect(rig.ledger.counts()).toMatchObject({ keptOld: true })
    expect(rig.ledger.counts().failure).toMatch(/^SyntaxError: .* \(lib\/word\.mjs, line 3\)$/)
    const before = rig.outcomes.length
    // Though its process ends, what it was stays in use.
    rig.give('end', 2)
    await until('it to be through', async () => {
      await rig.clock.advance(100)
      return rig.outcomes.length === before + 2
    })
    expect((await rig.results(before + 2)).slice(before)).toEqual([
      'failed: f.mjs ended by itself with code 0 with this message',
      'second2',
    ])

    rig.write('lib/word.mjs', "export const word = 'fourth'\n")
    await until('the change to be taken over', () => rig.ledger.counts().failure === null)
    rig.give(3)
    expect((await rig.results(before + 3)).at(-1)).toBe('fourth3')
  })

  it('that is not loaded in time as it is changed is given up, also when the process in use ends meanwhile', async () => {
    const good = "export default (n) => { if (n === 'end') process.exit(); return n }"
    await using rig = await functionRig({ 'f.mjs': good }, { timeoutMs: 60_000 })
    rig.give(1)
    await rig.results(1)
    rig.write('f.mjs', 'for (;;) {}')
    // The process for the file as it is now has ten seconds.
    await until('the change to be seen', () => rig.clock.waiting > 0)
    rig.give('end', 2)
    await until('what was there before to go on', async () => {
      await rig.clock.advance(1)
      return rig.outcomes.length === 3
    })
    await rig.clock.advance(10_000)
    await until('it to be told', () => rig.ledger.counts().failure !== null)
    expect(rig.ledger.counts()).toMatchObject({ failure: 'was not loaded within 10 s', keptOld: true })
    rig.write('f.mjs', 'export default (n) => n + 1')
    await until('it to be taken over', async () => {
      await rig.clock.advance(20)
      return rig.ledger.counts().failure === null
    })
    rig.give(1)
    expect((await rig.results(4)).at(-1)).toBe('2')
  })

  it.each([
    ['is missing', {}, /cannot find module 'f\.mjs'$/],
    [
      'imports a file that is missing',
      { 'f.mjs': "import './f2.mjs'\nexport default (n) => n + 1" },
      /cannot find module 'f2\.mjs' imported from f\.mjs/,
    ],
    [
      'lacks the export',
      { 'f.mjs': 'export const a = () => 1, b = 2' },
      /there is no export “default”; it has the functions a/,
    ],
    ['is no function', { 'f.mjs': 'export default 1' }, /“default” is no function; it has no functions/],
    ['cannot be read', { 'f.mjs': '\n\nexport default (a => \n' }, /SyntaxError: .*f\.mjs, line [34]/],
    ['throws as it is loaded', { 'f.mjs': "\nthrow new Error('no desk')" }, /Error: no desk \(f\.mjs, line 2\)/],
  ])(
    'that %s sends messages to quarantine with the reason, and works once it is put right',
    async (_what, files, reason) => {
      await using rig = await functionRig(files)
      rig.give(1)
      expect((await rig.results(1))[0]).toMatch(/^failed: f\.mjs cannot be used: /)
      expect(rig.ledger.counts().failure).toMatch(reason)
      expect(rig.ledger.counts().keptOld).toBe(false)
      expect(rig.runner.refusal).toMatch(reason)
      if (reason.source.includes('f2')) rig.write('f2.mjs', '')
      else rig.write('f.mjs', 'export default (n) => n + 1')
      await until('it to be taken over', () => rig.runner.refusal === null)
      rig.give(1)
      expect((await rig.results(2)).at(-1)).toBe('2')
    },
  )

  it('ends with the one that called it, even when nothing interrupts it', async () => {
    await using rig = await functionRig({ 'f.mjs': obedient })
    rig.give({ do: 'loop' })
    const { pid } = rig.runner
    await rig.runner[Symbol.asyncDispose]()
    expect(() => process.kill(pid ?? 0, 0)).toThrow(/ESRCH/)
  })
})
