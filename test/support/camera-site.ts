import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vi } from 'vitest'
import { temporaryFolder } from './folders.ts'
import { type SystemdStandIn, systemdStandIn } from './systemd-stand-in.ts'

const program = `
folder=$1; who=$2
other=$(cat "$folder/running" 2>/dev/null)
if [ -n "$other" ] && kill -0 "$other" 2>/dev/null; then echo "$who beside $other" >> "$folder/two-copies"; fi
echo $$ > "$folder/running"
echo "$who" >> "$folder/started"
[ -e "$folder/never-ready" ] && [ "$who" = console ] || echo "$who" > "$folder/ready"
[ -e "$folder/falls" ] && [ "$who" = console ] && exit 3
trap 'rm -f "$folder/running" "$folder/ready"; exit 0' TERM
while :; do sleep 0.05; done
`

/** A site whose one service a unit of systemd runs, and which notices when two copies of it run. */
export interface CameraSite extends Disposable {
  readonly home: string
  readonly directory: string
  /** Where the service keeps what it does. */
  readonly state: string
  readonly systemd: SystemdStandIn
  /** Who started it, in order: "systemd", "console". */
  started(): readonly string[]
  /** What was seen of two copies that ran at once. */
  twoCopies(): string
  /** From now on it behaves so under the console. */
  become(what: 'never-ready' | 'falls' | 'ready'): void
  /** The pid of what runs now; null when nothing does. */
  running(): number | null
}

/** Makes one, with a systemctl of its own first on PATH while the test runs. */
export function cameraSite(): CameraSite {
  const folder = temporaryFolder()
  const directory = join(folder.path, 'site')
  const state = join(folder.path, 'camera')
  mkdirSync(directory)
  mkdirSync(state)
  writeFileSync(join(state, 'camera.sh'), program)
  const systemd = systemdStandIn(folder.path)
  systemd.install('camera.service', { exec: `exec sh ${state}/camera.sh ${state} systemd` })
  vi.stubEnv('PATH', systemd.path)
  const read = (name: string) => (existsSync(join(state, name)) ? readFileSync(join(state, name), 'utf8').trim() : '')
  return {
    home: folder.path,
    directory,
    state,
    systemd,
    started: () => read('started').split('\n').filter(Boolean),
    twoCopies: () => read('two-copies'),
    become(what) {
      for (const before of ['never-ready', 'falls']) rmSync(join(state, before), { force: true })
      if (what !== 'ready') writeFileSync(join(state, what), '')
    },
    running() {
      const pid = Number(read('running'))
      return pid > 0 && existsSync(`/proc/${pid}`) ? pid : null
    },
    [Symbol.dispose]() {
      vi.unstubAllEnvs()
      systemd[Symbol.dispose]()
      folder[Symbol.dispose]()
    },
  }
}
