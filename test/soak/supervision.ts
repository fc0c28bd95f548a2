import { randomFrom } from '../faults/random.ts'
import { killAtRandom } from '../supervision/random-kills.ts'
import type { Soak } from './soak.ts'

const minuteMs = 60_000

const soak: Soak = {
  what: 'services of a real console are killed at random (SIGKILL, SIGSTOP and SIGKILL, whole trees), a round is a minute; each must be healthy again within its budget, nothing may be left behind, and the console may hold no more memory, files, handles or listeners',
  rounds: 60,
  async run({ rounds, seed, folder, note }) {
    const { kills, back, first, last, problems } = await killAtRandom({
      folder,
      random: randomFrom(seed),
      forMs: rounds * minuteMs,
      lookEveryMs: minuteMs,
      note,
    })
    const sorted = back.toSorted((a, b) => a - b)
    const at = (share: number) =>
      Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
    const mebibytes = (bytes: number) => Math.round(bytes / 1024 ** 2)
    return {
      figures: `${kills} kills, back after ${at(0.5)} ms (median), ${at(0.99)} ms (p99), ${at(1)} ms (slowest); heap ${mebibytes(first.heap)} → ${mebibytes(last.heap)} MiB, files ${first.files} → ${last.files}, handles ${first.resources} → ${last.resources}, listeners ${first.listeners} → ${last.listeners}`,
      problems,
    }
  },
}
export default soak
