/** Worker thread of the backup helper: what takes processor time, one task after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { protectionFrom } from '../repository/protection.ts'
import { CrewMember } from './crew-member.ts'
import type { CrewSetup, FromCrew, ToCrew } from './tasks.ts'

const { key }: CrewSetup = workerData
const member = new CrewMember(protectionFrom(key))
parentPort?.on('message', ({ task, name, input }: ToCrew) => {
  try {
    const { value, transfer } = member.run(name, input)
    const done: FromCrew = { type: 'done', task, value }
    parentPort?.postMessage(done, [...transfer])
  } catch (error) {
    const failed: FromCrew = {
      type: 'failed',
      task,
      message: error instanceof Error ? error.message : String(error),
      stack: error instanceof Error ? error.stack : undefined,
    }
    parentPort?.postMessage(failed)
  }
})
