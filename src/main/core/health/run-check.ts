import type { Clock } from '#core/platform/index.ts'
import { commandCheck } from './command-check.ts'
import { fileCheck } from './file-check.ts'
import type { FileLooks } from './file-looks.ts'
import { httpCheck } from './http-check.ts'
import { mqttCheck } from './mqtt-check.ts'
import { metricCheck, pushedCheck } from './pushed-check.ts'
import { tcpCheck } from './tcp-check.ts'
import type { DatabaseCheck, PushedFacts, RunCheck } from './types.ts'

/** Where the checks of a service look from. */
export interface CheckGround {
  readonly service: string
  /** Where its commands run, and with which environment. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** A new mark for each command, by which a later console finds what this one did not live to end. */
  readonly mark: () => string
  /** What the service's own environment has of these, for the checks that log in somewhere. */
  readonly login: Readonly<Partial<Record<'MQTT_USERNAME' | 'MQTT_PASSWORD' | 'PGPASSWORD', string>>>
  readonly pushed: PushedFacts
  readonly databases: DatabaseCheck
  /** One for the whole site. */
  readonly looks: FileLooks
}

/** Checks over real connections, processes and files. */
export function checksOn(clock: Clock, ground: CheckGround): RunCheck {
  const { service, cwd, env, mark, login, pushed, databases, looks } = ground
  return async (check, timeoutMs, signal) => {
    switch (check.type) {
      case 'http':
        return httpCheck(check, timeoutMs, signal, clock)
      case 'tcp':
        return tcpCheck(check, timeoutMs, signal, clock)
      case 'mqtt':
        return mqttCheck(check, timeoutMs, signal, clock, login)
      case 'command':
        return commandCheck(check, timeoutMs, signal, clock, {
          cwd,
          env: { ...env, WHEELHOUSE_RUN: mark() },
        })
      case 'sqlite':
      case 'postgres':
        return databases(check, { service, password: login.PGPASSWORD ?? null }, { timeoutMs, signal })
      case 'file':
        return fileCheck(check, { timeoutMs, signal }, clock, looks)
      case 'metric':
        return metricCheck(check, pushed, clock)
      case 'pushed':
        return pushedCheck(check, pushed, clock)
    }
  }
}
