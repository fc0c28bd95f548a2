import type { SnapshotView } from '#shared/contract/index.ts'
import { HealthMark } from '../../components/health-mark.tsx'

/** Green only for what was read back, byte for byte, with its databases opened and checked. */
export function VerifiedMark({ snapshot }: { readonly snapshot: SnapshotView }) {
  const { verified } = snapshot
  if (!verified) {
    return (
      <span title="Not read back yet.">
        <HealthMark health="unknown" label="" /> not yet
      </span>
    )
  }
  return (
    <span title={verified.note}>
      <HealthMark health={verified.ok ? 'healthy' : 'unhealthy'} label="" /> {verified.ok ? 'verified' : 'damaged'}
    </span>
  )
}
