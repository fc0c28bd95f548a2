/**
 * A console that works on backups and is tormented while it does: reads requests from standard input, a line of JSON each
 * (acts.ts), answers each with a line, and dies where `WHEELHOUSE_CRASH_AT` says. Ends with its input.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { builtRuntime, crashPointsFrom } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { type BackupRig, openBackupRig } from '../support/backup-rig.ts'
import { type ActAnswer, type ActRequest, actRequestSchema } from './acts.ts'
import { forget } from './forget.ts'

const crashPoints = crashPointsFrom(process.env)
const cause = { type: 'operator', via: 'command line' } as const
let uncaught: string[] = []
const take = (error: unknown) => void uncaught.push(error instanceof Error ? `${error.stack}` : String(error))
process.on('uncaughtException', take)
process.on('unhandledRejection', take)

for await (const line of createInterface(process.stdin)) {
  uncaught = []
  const answer = await play(actRequestSchema.parse(JSON.parse(line)))
  setPeril(false)
  writeSync(1, `${JSON.stringify({ ...answer, uncaught })}\n`)
}

async function play(request: ActRequest): Promise<Omit<ActAnswer, 'uncaught'>> {
  const sentences: string[] = []
  const runtime = builtRuntime(import.meta.dirname, request.node)
  try {
    if (request.peril === 'opening') setPeril(true)
    await using rig = await openBackupRig({ ...request, runtime, crashPoints })
    sentences.push(...(await rig.backups.recover(rig.jobs.interrupted)))
    if (request.peril === 'act') setPeril(true)
    const told = await perform(rig, request)
    setPeril(false)
    return { ...told, sentences: [...sentences, ...told.sentences] }
  } catch (error) {
    setPeril(false)
    if (!(error instanceof ConsoleError)) take(error)
    return {
      state: 'refused',
      sentences: [...sentences, error instanceof Error ? error.message : String(error)],
      snapshot: null,
    }
  }
}

async function perform(rig: BackupRig, request: ActRequest): Promise<Omit<ActAnswer, 'uncaught'>> {
  const newest = rig.backups.snapshots().findLast(({ kind }) => kind === 'full')?.id ?? null
  switch (request.act) {
    case 'open':
      return { state: 'completed', sentences: [], snapshot: null }
    case 'back up':
      return ended(rig, await rig.backups.create({ kind: 'full', note: '', cause }))
    case 'verify':
      return ended(rig, await rig.backups.verify({ snapshot: newest ?? '', cause }))
    case 'restore':
      return ended(rig, await rig.backups.restore({ snapshot: newest, fingerprint: null, cause }))
    case 'undo':
      return ended(rig, await rig.backups.undo({ fingerprint: null, cause }))
    case 'prune':
      return prune(rig, request)
  }
}

async function ended(rig: BackupRig, { job }: { readonly job: string }): Promise<Omit<ActAnswer, 'uncaught'>> {
  const { state, message, data } = await rig.jobs.finished(job)
  if (state === 'running' || state === 'interrupted') throw new Error(`The job ended as ${state}.`)
  // One that is told as not whole promises nothing.
  const snapshot = typeof data.snapshot === 'string' && data.good === true ? data.snapshot : null
  return { state, sentences: message === null ? [] : [message], snapshot }
}

/** Removes all full snapshots but the newest, as a scheduled backup has it done by the rules of the site. */
async function prune(rig: BackupRig, { site, folder, node }: ActRequest): Promise<Omit<ActAnswer, 'uncaught'>> {
  const old = rig.backups.snapshots().filter(({ kind, pinned }) => kind === 'full' && !pinned)
  const runtime = builtRuntime(import.meta.dirname, node)
  await forget(
    { site, folder },
    old.slice(0, -1).map(({ id }) => id),
    runtime,
  )
  return { state: 'completed', sentences: [], snapshot: null }
}

/** The first field of the control file, which the shim has mapped: whether the disk may fail. */
function setPeril(on: boolean): void {
  const path = process.env.WHEELHOUSE_FAULT_CONTROL
  if (path === undefined) return
  const control = openSync(path, 'r+')
  writeSync(control, Buffer.from([on ? 1 : 0]), 0, 1, 0)
  closeSync(control)
}
