/**
 * Operating-system processes behind one port. Nothing outside `platform/` sends signals, reads /proc or names a POSIX call.
 * Disposing it gives back the helper that starts programs; they go on, and how they end is not told any more.
 */
export interface Processes extends Disposable {
  /**
   * Starts a program in a process group (session) of its own. It outlives the console: its output goes to files, not pipes.
   * Rejects with a ConsoleError (`program-missing`, `program-not-executable`, `folder-missing`) before anything runs.
   */
  spawn(options: SpawnOptions): Promise<ChildProcess>
  /** Takes up a process that an earlier run of the console started; undefined when it is gone or another one has its pid. */
  adopt(identity: ProcessIdentity): ChildProcess | undefined
  /** Every process whose environment carries this `WHEELHOUSE_RUN`, including descendants that left the group. */
  findByRun(run: string): readonly ProcessIdentity[]
  /** The same for several runs in one look over the process table, by run. Runs without a living process are left out. */
  findByRuns(runs: readonly string[]): ReadonlyMap<string, readonly ProcessIdentity[]>
  /** Every process whose run begins with this prefix, by run. */
  findByRunPrefix(prefix: string): ReadonlyMap<string, readonly ProcessIdentity[]>
  /**
   * Everything that belongs to a living process: its descendants and the members of its session, itself left out. To be
   * listed before it is killed, because the links to a parent vanish with it.
   */
  family(identity: ProcessIdentity): readonly FamilyMember[]
  /** The same for several processes in one look over the process table, by pid. */
  families(identities: readonly ProcessIdentity[]): ReadonlyMap<number, readonly FamilyMember[]>
  /** Sends a signal to the exact process, checked by its start time against a reused pid. False when it is gone. */
  signal(identity: ProcessIdentity, signal: NodeJS.Signals): boolean
  /** CPU and memory of a process and everything below it. */
  usage(identity: ProcessIdentity): TreeUsage | undefined
  /**
   * Everything that belongs to a process at this moment, those of its run that left it included, and the sockets that they listen
   * on. Reads far more than {@link usage}: for one service when somebody asks. Undefined when the process is gone.
   */
  inspect(identity: ProcessIdentity, run: string | null): ProcessTree | undefined
  /** What a process has had of the processors since it was started, its main thread alone; null when it is gone or that cannot be told. */
  exertion(identity: ProcessIdentity): Exertion | null
  /** Files that a process and everything below it have open; null when it is gone or they may not be seen. */
  openFiles(identity: ProcessIdentity): number | null
  /** What a process does when it is sent this signal; null when it is gone or that cannot be told. */
  reactionTo(identity: ProcessIdentity, signal: NodeJS.Signals): SignalReaction | null
  /** Identity of a living pid. */
  identify(pid: number): ProcessIdentity | undefined
  isAlive(identity: ProcessIdentity): boolean
  /**
   * Who listens on a TCP port, whatever the address; empty when nobody does. That nobody does may be told from a look of up to
   * `freshMs` ago: reading all sockets of the machine costs milliseconds, and many services may be starting at once.
   */
  portHolders(port: number, freshMs?: number): readonly PortHolder[]
}

/** A listener on a TCP port. Pid and command are null when it belongs to a user whose processes this one may not see. */
export interface PortHolder {
  readonly address: string
  readonly port: number
  readonly pid: number | null
  readonly command: string | null
}

/** Names one process for ever: a pid alone is reused. */
export interface ProcessIdentity {
  readonly pid: number
  /** Start time in clock ticks since boot (field 22 of /proc/pid/stat). */
  readonly startTicks: number
  readonly bootId: string
}

/** A process that belongs to another. Those outside its process group are not reached by a signal to the group. */
export interface FamilyMember extends ProcessIdentity {
  readonly inGroup: boolean
}

export interface SpawnOptions {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Files that take stdout and stderr, opened for appending, mode 0600. */
  readonly stdout: string
  readonly stderr: string
}

export interface ChildProcess {
  readonly identity: ProcessIdentity
  readonly adopted: boolean
  /** Resolves once, when it is gone. Code and signal are null for an adopted child: only its parent is told them. */
  readonly exited: Promise<ProcessExit>
  /**
   * Signals its whole process group, and wakes suspended members when the signal is to end them. Does nothing once the
   * leader is gone, because the group's number may then belong to others: what it left behind is found by its run.
   */
  signalGroup(signal: NodeJS.Signals): void
  /** Forgets the child without stopping it. */
  release(): void
}

export interface ProcessExit {
  readonly code: number | null
  readonly signal: string | null
}

/** `handled`: it has code for it. `ignored`: nothing happens. `default`: the system acts, which for most signals ends it. */
export type SignalReaction = 'handled' | 'ignored' | 'default'

/** The processes of a service, itself first, and what they listen on. */
export interface ProcessTree {
  readonly processes: readonly TreeProcess[]
  /** Processes beyond a bound, which are counted and not looked at. */
  readonly notShown: number
  readonly sockets: readonly TreeSocket[]
  /** False when files of a process may not be seen, or there are too many: sockets and open files may be missing. */
  readonly complete: boolean
}

export interface TreeProcess {
  readonly pid: number
  readonly parent: number
  /** The program, and for an interpreter its script, as base names: arguments may hold secrets. */
  readonly name: string
  /** Per cent of one core as last measured by `usage`; null before that. */
  readonly cpu: number | null
  /** Resident, bytes. */
  readonly memory: number
  /** Milliseconds since it was started. */
  readonly ageMs: number
  /** Null when they may not be seen. */
  readonly openFiles: number | null
  /** Whether it left the service's session and tree, and is only known by its mark. */
  readonly strayed: boolean
}

/** A socket that takes connections (TCP) or datagrams from anybody (UDP). */
export interface TreeSocket {
  readonly protocol: 'tcp' | 'udp'
  readonly address: string
  readonly port: number
  readonly pid: number
}

/** Time of a thread on a processor, and ready to run while others did. Milliseconds, which the kernel writes down every few of them. */
export interface Exertion {
  readonly ranMs: number
  readonly waitedMs: number
  /** Whether it runs, waits for a processor, or for the disk, at this very moment: the kernel writes the times down only every few milliseconds. */
  readonly busy: boolean
}

export interface TreeUsage {
  /** Per cent of one core since the previous call for the same process; null on the first. */
  readonly cpu: number | null
  readonly memory: number
  readonly processes: number
}
