import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * A `systemctl` for machines where no systemd runs: a small program of that name which keeps units in a folder, and really starts and
 * stops their processes. What a real one answers beside this (a bus that is busy, units that depend on each other) it does not show.
 */
export interface SystemdStandIn extends Disposable {
  /** A PATH on which it stands first. */
  readonly path: string
  /** Installs a unit that runs this command of a shell. */
  install(name: string, given: { readonly exec: string; readonly enabled?: string; readonly active?: boolean }): void
  /** What `systemctl` says of it: "active enabled". */
  state(name: string): string
  /** Changes what `show` tells, property by property. */
  tell(name: string, properties: Readonly<Record<string, string>>): void
  /** From now on this verb is refused with these words; `null` takes that back. */
  refuse(verb: string, words: string | null): void
  /** From now on this verb does not end. */
  hang(verb: string): void
  /** What it was asked to change, in order: "disable camera.service". */
  changes(): readonly string[]
  /** As a person would call it. */
  by(...args: readonly string[]): string
}

const script = `#!/bin/sh
home=\${0%/bin/systemctl}
scope=; verb=; names=; wants=
for arg; do
  case "$arg" in
    --user) scope='--user ' ;;
    --property=*) wants=\${arg#*=} ;;
    --no-pager|--no-ask-password|--runtime|--now) [ -z "$names" ] || exit 1 ;;
    --) ;;
    -*) echo "systemctl: unrecognized option '$arg'" >&2; exit 1 ;;
    *) if [ -z "$verb" ]; then verb=$arg; else names="$names $arg"; fi ;;
  esac
done
[ -n "$names" ] || { echo 'Too few arguments.' >&2; exit 1; }
if [ -e "$home/hang-$verb" ]; then exec sleep 1000; fi
if [ -e "$home/refuse-$verb" ]; then cat "$home/refuse-$verb" >&2; exit 1; fi
[ "$verb" = show ] || echo "$scope$verb$names" >> "$home/changes"
runs() { # whether the process is there and no zombie
  [ -e "$1/pid" ] && read -r pid < "$1/pid" && read -r _ _ state _ 2>/dev/null < "/proc/$pid/stat" && [ "$state" != Z ]
}
between=
for name in $names; do
  unit=$home/units/$name
  if [ "$verb" = show ]; then
    printf "$between"; between='\\n'
    if [ ! -d "$unit" ]; then printf "Id=$name\\nLoadState=not-found\\nActiveState=inactive\\nSubState=dead\\nMainPID=0\\n"; continue; fi
    enabled=; [ ! -e "$unit/enabled" ] || read -r enabled < "$unit/enabled"
    printf "Id=$name\\nLoadState=loaded\\nUnitFileState=$enabled\\nFragmentPath=/etc/systemd/system/$name\\n"
    if runs "$unit"; then printf "ActiveState=active\\nSubState=running\\nMainPID=$pid\\nMemoryCurrent=5242880\\n"
    else printf 'ActiveState=inactive\\nSubState=dead\\nMainPID=0\\nMemoryCurrent=[not set]\\n'; fi
    # What the spec tells comes last, and so counts.
    [ ! -e "$unit/tell" ] || while read -r line; do printf '%s\\n' "$line"; done < "$unit/tell"
    continue
  fi
  [ -d "$unit" ] || { echo "Failed to $verb $name: Unit $name not found." >&2; exit 5; }
  case "$verb" in
    enable) echo enabled > "$unit/enabled" ;;
    disable) echo disabled > "$unit/enabled" ;;
    start)
      runs "$unit" || setsid sh -c "echo \\$\\$ > '$unit/pid'; exec sh '$unit/exec'" < /dev/null > /dev/null 2>&1 &
      sleep 0.2 ;;
    stop)
      if runs "$unit"; then kill "$pid"; while runs "$unit"; do sleep 0.05; done; fi
      rm -f "$unit/pid" ;;
    *) echo "Unknown command verb $verb." >&2; exit 1 ;;
  esac
done
`

/** Makes one in this folder. Disposing it ends the processes of its units. */
export function systemdStandIn(folder: string): SystemdStandIn {
  const home = join(folder, 'systemd')
  const program = join(home, 'bin', 'systemctl')
  const names = new Set<string>()
  mkdirSync(join(home, 'bin'), { recursive: true })
  writeFileSync(program, script)
  chmodSync(program, 0o755)
  const by = (...args: readonly string[]) =>
    execFileSync(program, [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  return {
    path: `${join(home, 'bin')}${delimiter}${process.env.PATH ?? ''}`,
    by,
    install(name, { exec, enabled = 'enabled', active = true }) {
      names.add(name)
      const unit = join(home, 'units', name)
      mkdirSync(unit, { recursive: true })
      writeFileSync(join(unit, 'exec'), exec)
      writeFileSync(join(unit, 'enabled'), `${enabled}\n`)
      if (active) by('start', name)
      rmSync(join(home, 'changes'), { force: true })
    },
    state(name) {
      const text = by('show', '--property=ActiveState,UnitFileState', '--', name)
      const [, active] = /^ActiveState=(.*)$/m.exec(text) ?? []
      const [, enabled] = /^UnitFileState=(.*)$/m.exec(text) ?? []
      return `${active} ${enabled}`
    },
    tell(name, properties) {
      const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`)
      mkdirSync(join(home, 'units', name), { recursive: true })
      writeFileSync(join(home, 'units', name, 'tell'), lines.join(''))
    },
    refuse(verb, words) {
      const file = join(home, `refuse-${verb}`)
      if (words === null) rmSync(file, { force: true })
      else writeFileSync(file, `${words}\n`)
    },
    hang: (verb) => appendFileSync(join(home, `hang-${verb}`), ''),
    changes() {
      const file = join(home, 'changes')
      return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
    },
    [Symbol.dispose]() {
      for (const name of names) {
        const file = join(home, 'units', name, 'pid')
        if (!existsSync(file)) continue
        try {
          process.kill(-Number(readFileSync(file, 'utf8')), 'SIGKILL')
        } catch {
          // it has ended
        }
      }
    },
  }
}
