/** Takes recorded messages through routes, apart from everything that must go on meanwhile: an expression cannot be interrupted, a thread can be ended. */
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '#core/platform/index.ts'
import { Functions } from '../function/functions.ts'
import { LookupTables } from '../lookup/lookup-tables.ts'
import { dryRun } from './dry-run.ts'
import type { DryRunAnswer, DryRunRequest } from './dry-run-thread.ts'
import { passportOf } from './passport.ts'

if (!parentPort) throw new Error('The dry run runs as a worker thread.')
const request: DryRunRequest = workerData
const tables = new LookupTables()
tables.replace(request.tables)
await using functions = new Functions({ clock: systemClock({ keepAlive: true }), log: () => {}, onProgress: () => {} })
if (request.functions) functions.use(request.functions)
const answer: DryRunAnswer =
  request.type === 'dry run'
    ? {
        type: 'dry run',
        report: await dryRun(request.before, request.after, request.messages, tables, request.brokers, functions),
      }
    : {
        type: 'passport',
        routes: await passportOf(request.routes, request.message, tables, request.brokers, functions),
      }
parentPort.postMessage(answer)
