import type { Clock } from '#core/platform/index.ts'
import { type CommandPlace, commandCheck } from './command-check.ts'
import { httpCheck } from './http-check.ts'
import { tcpCheck } from './tcp-check.ts'
import type { RunCheck } from './types.ts'

/** Checks over real connections and processes. `place` is where the service's own commands run. */
export function checksOn(clock: Clock, place: CommandPlace): RunCheck {
  return (check, timeoutMs, signal) => {
    switch (check.type) {
      case 'http':
        return httpCheck(check, timeoutMs, signal, clock)
      case 'tcp':
        return tcpCheck(check, timeoutMs, signal, clock)
      case 'command':
        return commandCheck(check, timeoutMs, signal, clock, place)
    }
  }
}
