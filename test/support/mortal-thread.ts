import { BroadcastChannel } from 'node:worker_threads'
import type { ProgramName, Runtime } from '#core/platform/index.ts'
import { testRuntime } from './runtime.ts'

/** A runtime whose data-plane thread can be made to die or to hang, as a defect in it would. */
export function mortalRuntime(): Runtime & Disposable & { kill(): void; hang(): void } {
  const real = testRuntime()
  const channel = new BroadcastChannel('mortal-data-plane')
  return {
    node: real.node,
    program: (name: ProgramName) =>
      name === 'data-plane' ? new URL('./mortal-data-plane.program.mjs', import.meta.url).pathname : real.program(name),
    kill: () => channel.postMessage('die'),
    hang: () => channel.postMessage('hang'),
    [Symbol.dispose]: () => channel.close(),
  }
}
