import type { ServiceDefinition } from '#core/config/index.ts'
import { type Clock, runCommand } from '#core/platform/index.ts'
import type { UnitView } from '#shared/contract/unit.ts'
import { ConsoleError } from '#shared/problem.ts'
import { parseProperties, takeOverPlan, unitProperties, unitState } from './unit-plan.ts'

export interface UnitLook {
  readonly clock: Clock
  /** Where `systemctl` is found. */
  readonly path: string
  /** Who the console runs as. */
  readonly user: { readonly name: string; readonly root: boolean }
}

const timeoutMs = 5_000

/** Asks systemd for the unit of a service; changes nothing. Rejects with `service-without-unit`. */
export async function lookAtUnit({ id, unit }: ServiceDefinition, { clock, path, user }: UnitLook): Promise<UnitView> {
  if (unit === null) {
    throw new ConsoleError(
      'service-without-unit',
      `${id} has no \`unit\` in site.yaml, so it is not known as one that systemd runs.`,
      'Write `kind: external` and `unit: NAME.service` for a service that systemd runs.',
      { params: { service: id } },
    )
  }
  const answer = await runCommand(
    {
      file: 'systemctl',
      args: ['show', unit, `--property=${unitProperties.join(',')}`, '--no-pager'],
      cwd: '/',
      env: { PATH: path, LC_ALL: 'C', SYSTEMD_COLORS: '0' },
      timeoutMs,
    },
    clock,
  )
  const unknown = (sentence: string): UnitView => ({ service: id, unit, sentence, state: null, plan: null })
  if (answer.error !== null) return unknown(`systemd cannot be asked: there is no systemctl here (${answer.error}).`)
  if (answer.timedOut) return unknown(`systemd did not answer within ${timeoutMs / 1_000} s.`)
  if (answer.code !== 0) {
    return unknown(
      `systemd cannot be asked: ${answer.output.trim().split('\n').at(-1) || `systemctl ended with ${answer.code}`}`,
    )
  }
  const properties = parseProperties(answer.output)
  const state = unitState(properties)
  if (!state) return unknown(`systemd knows no unit ${unit}.`)
  const pid = state.pid === null ? '' : `, pid ${state.pid}`
  return {
    service: id,
    unit,
    sentence: `${unit} is ${state.active} (${state.sub})${pid}; started with the machine: ${state.startedAtBoot}.`,
    state,
    plan: takeOverPlan(id, unit, properties, { root: user.root, user: user.name }),
  }
}
