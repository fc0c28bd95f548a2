import type { SnapshotView } from '#shared/contract/index.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Age } from '../../components/time.tsx'

/** Green only for what was read back, byte for byte, with its databases opened and checked. */
export function VerifiedMark({ snapshot }: { readonly snapshot: SnapshotView }) {
  const { verified, rehearsed } = snapshot
  const proven = rehearsed?.verdict === 'proven' ? ', proven' : ''
  if (!verified) {
    return (
      <span title="Not read back yet.">
        <HealthMark health="unknown" label="" /> not yet
      </span>
    )
  }
  return (
    <span title={verified.note}>
      <HealthMark health={verified.ok ? 'healthy' : 'unhealthy'} label="" />{' '}
      {verified.ok ? `verified${proven}` : 'damaged'}
    </span>
  )
}

/** Green only for what came up when it was restored beside the site and started there. */
export function RehearsedMark({ snapshot }: { readonly snapshot: SnapshotView }) {
  const { rehearsed } = snapshot
  if (!rehearsed) return <span title="Nobody has seen it come up.">never</span>
  const marks = { proven: 'healthy', partly: 'degraded', failed: 'unhealthy' } as const
  const words = { proven: 'proven', partly: 'partly proven', failed: 'failed' } as const
  return (
    <span title={rehearsed.note}>
      <HealthMark health={marks[rehearsed.verdict]} label="" /> {words[rehearsed.verdict]}{' '}
      <span className="dim">
        <Age at={rehearsed.at} />
      </span>
    </span>
  )
}
