/**
 * The console's own programs that run outside its main thread: worker threads and helper processes.
 * `thread` programs start with `new Worker(path)`, `process` programs as `<runtime> <path> ...`.
 */
export const programs = {
  'store-writer': 'store/writer.program',
  'store-reader': 'store/reader.program',
  broker: 'messaging/broker.program',
  'data-plane': 'messaging/data-plane.program',
  function: 'messaging/function/function.program',
  'process-guard': 'platform/process-guard.program',
  'dry-run': 'messaging/dry-run/dry-run.program',
  'push-intake': 'health/pushes/intake.program',
  backup: 'backup/backup.program',
  release: 'releases/release.program',
  sandbox: 'sandbox.program',
  'row-count': 'backup/losses/row-count.program',
  'backup-crew': 'backup/crew/crew.program',
  'database-copy': 'store/database-copy.program',
  'dependency-proxy': 'dependencies/proxy.program',
  'sqlite-session': 'databases/sqlite/sqlite.program',
  'page-damage': 'drills/page-damage.program',
  starter: 'platform/linux/starter.program',
  'parent-watch': 'platform/parent-watch.program',
  'tied-command': 'platform/tied-command.program',
  'log-search': 'coordinator/log-search.program',
  'service-hooks': 'coordinator/service-hooks.program',
} as const

export type ProgramName = keyof typeof programs

/** Where the programs lie and which Node runs those that are processes. */
export interface Runtime {
  /** Absolute path of the Node 24 that runs services, helper processes and the command line. */
  readonly node: string
  /** Absolute path of a program's file. */
  program(name: ProgramName): string
}

/** The programs as built files `<name>.js` in one directory. */
export function builtRuntime(directory: string, node: string): Runtime {
  return { node, program: (name) => `${directory}/${name}.js` }
}
