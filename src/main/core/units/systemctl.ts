import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { UnitDefinition } from '#core/config/index.ts'
import { type Clock, type CommandResult, runCommand } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { parseProperties, type UnitProperties } from './unit-properties.ts'

export interface SystemctlPorts {
  readonly clock: Clock
  /** The console's own environment: where programs lie, and where the user's systemd is reached. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Who the console runs as; `uid` null where there is none. */
  readonly user: { readonly name: string; readonly uid: number | null }
}

export type UnitVerb = 'stop' | 'start' | 'enable' | 'disable'

/**
 * What systemd said of units, in their order. `unknown`: it is not known how they are. `nothing`: there is no systemd, so no unit
 * runs anything.
 */
export type Shown =
  | { readonly answer: 'shown'; readonly units: readonly UnitProperties[] }
  | { readonly answer: 'unknown' | 'nothing'; readonly sentence: string }

/** Reading is quick; stopping a unit takes up to its TimeoutStopSec, 90 s unless it says otherwise. Milliseconds. */
const showMs = 10_000
const actMs = 120_000
const outputBytes = 256 * 1024

/** The program `systemctl`, never asking a person for a password and never through sudo. */
export class Systemctl {
  readonly #ports: SystemctlPorts

  constructor(ports: SystemctlPorts) {
    this.#ports = ports
  }

  get user(): SystemctlPorts['user'] {
    return this.#ports.user
  }

  /** Asks about units of one systemd. Changes nothing and never rejects. */
  async show(of: UnitDefinition['of'], names: readonly string[], properties: readonly string[]): Promise<Shown> {
    const args = ['show', `--property=${properties.join(',')}`, '--no-pager', '--', ...names]
    const answer = await this.#run(of, args, showMs)
    if (answer.error !== null)
      return { answer: 'nothing', sentence: `systemd cannot be asked: there is no systemctl here (${answer.error}).` }
    if (answer.timedOut) return { answer: 'unknown', sentence: `systemd did not answer within ${showMs / 1_000} s.` }
    if (answer.code !== 0) {
      const sentence = `systemd cannot be asked: ${lastLine(answer)}`
      return { answer: absent.test(answer.output) && !this.#isThere(of) ? 'nothing' : 'unknown', sentence }
    }
    const units = answer.output
      .trim()
      .split(/\n\s*\n/)
      .map(parseProperties)
    // An answer that is cut short must not count as "there is no such unit".
    const isWhole = units.length === names.length && units.every((unit) => unit.LoadState && unit.ActiveState)
    return isWhole
      ? { answer: 'shown', units }
      : { answer: 'unknown', sentence: `systemd gave no whole answer about ${names.join(', ')}.` }
  }

  /** Has systemd do it and waits for it. Rejects with `systemd-missing`, `unit-refused`, `unit-timeout` or `unit-failed`. */
  async act(verb: UnitVerb, { name, of }: UnitDefinition, options: readonly string[] = []): Promise<void> {
    const answer = await this.#run(of, [verb, '--no-ask-password', ...options, '--', name], actMs)
    if (answer.code === 0) return
    const params = { unit: name, of, verb }
    const byHand = `${of === 'user' ? 'systemctl --user' : 'sudo systemctl'} ${verb} ${name}`
    if (answer.error !== null) {
      throw new ConsoleError(
        'systemd-missing',
        `systemd was not asked to ${verb} ${name}: there is no systemctl here (${answer.error}).`,
        'Remove `unit` of the service from site.yaml where systemd does not run it.',
        { params },
      )
    }
    if (answer.timedOut) {
      throw new ConsoleError(
        'unit-timeout',
        `systemd did not ${verb} ${name} within ${actMs / 1_000} s.`,
        `Look at \`systemctl status ${name}\` for what it waits for, then try again.`,
        { params, retryable: true },
      )
    }
    if (refused.test(answer.output)) {
      throw new ConsoleError(
        'unit-refused',
        `systemd does not let ${this.#ports.user.name}, who runs this console, ${verb} ${name}: ${lastLine(answer)}`,
        `Do it by hand (\`${byHand}\`) and try again here, or have an administrator allow it by a rule of polkit. The console never uses sudo by itself.`,
        { params },
      )
    }
    throw new ConsoleError(
      'unit-failed',
      `systemd could not ${verb} ${name}: ${lastLine(answer)}`,
      `Look at \`systemctl status ${name}\` and \`journalctl -u ${name}\` for the reason.`,
      { params, retryable: true },
    )
  }

  /** Whether that systemd runs although it could not be asked: then units of it may run. */
  #isThere(of: UnitDefinition['of']): boolean {
    if (of === 'system') return existsSync('/run/systemd/system')
    const runtime = this.#userFolder
    return runtime !== undefined && existsSync(join(runtime, 'systemd/private'))
  }

  get #userFolder(): string | undefined {
    const { environment, user } = this.#ports
    return environment.XDG_RUNTIME_DIR ?? (user.uid === null ? undefined : `/run/user/${user.uid}`)
  }

  #run(of: UnitDefinition['of'], args: readonly string[], timeoutMs: number): Promise<CommandResult> {
    const { clock, environment } = this.#ports
    const { PATH = '', DBUS_SESSION_BUS_ADDRESS } = environment
    const runtime = this.#userFolder
    const session = {
      ...(runtime !== undefined && { XDG_RUNTIME_DIR: runtime }),
      ...(DBUS_SESSION_BUS_ADDRESS !== undefined && { DBUS_SESSION_BUS_ADDRESS }),
    }
    const env = { PATH, LC_ALL: 'C', SYSTEMD_COLORS: '0', ...(of === 'user' && session) }
    const all = of === 'user' ? ['--user', ...args] : args
    return runCommand({ file: 'systemctl', args: all, cwd: '/', env, timeoutMs, outputBytes }, clock)
  }
}

/** What systemctl says where no systemd runs: of the machine (a container), or of the user (nobody is logged in). */
const absent =
  /not been booted with systemd|Host is down|No medium found|No such file or directory|Connection refused|not defined/

/** What it says where polkit, or the bus, does not allow it. */
const refused = /access denied|authentication (is )?required|permission denied|not permitted|not authorized/i

function lastLine({ output, code, signal }: CommandResult): string {
  const lines = output.trim().split('\n')
  return lines.findLast((line) => line.trim() !== '' && !/^See /.test(line)) ?? `systemctl ended with ${code ?? signal}`
}
