import type { EventRecord } from '#shared/vocabulary.ts'

/** Events with a chain: 101 (probe seen) → 102 (exit) → 103 (restart) → 104 (degraded). */
export function sampleEvents(now: number): readonly EventRecord[] {
  const kinds = [
    ['service.exited', 'error', 'api exited: killed by SIGKILL from outside.'],
    ['service.became-unhealthy', 'error', 'api became unhealthy: its process is gone.'],
    ['service.restarted', 'notice', 'api was restarted after 1 s (attempt 1).'],
    ['service.became-healthy', 'info', 'api became healthy after 1.4 s.'],
    ['backup.completed', 'notice', 'Backup completed: 214 files, 412 kB new.'],
    ['service.became-degraded', 'warning', 'desk-units became degraded: 3 of 12 units lost the broker.'],
  ] as const
  return Array.from({ length: 240 }, (_, index) => {
    const seq = index + 1
    const [kind, severity, message] = kinds[index % kinds.length] ?? kinds[0]
    return {
      id: `ev-${seq}`,
      seq,
      at: now - (240 - index) * 41_000,
      kind,
      subject: kind.startsWith('backup') ? 'site' : index % 6 === 5 ? 'service:desk-units' : 'service:api',
      severity,
      message,
      cause:
        index % 6 === 0
          ? { type: 'observation' as const, what: 'the process ended with SIGKILL' }
          : { type: 'event' as const, id: `ev-${seq - 1}` },
      operation: null,
      data: index % 6 === 0 ? { signal: 'SIGKILL', pid: 4131 } : {},
    }
  })
}
