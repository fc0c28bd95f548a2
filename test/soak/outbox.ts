import { killUnderLoad, type OutboxProof } from '../faults/outbox-lives.ts'
import { randomFrom } from '../faults/random.ts'
import type { Soak } from './soak.ts'

const scenarios = ['own-broker', 'other-broker'] as const

const soak: Soak = {
  what: 'a console is killed with SIGKILL under a load of QoS 1, with its own broker and with Mosquitto; whatever was acknowledged must have arrived through the outbox',
  rounds: 1_000,
  scenarios,
  async run({ rounds, seed, folder, scenarios: wanted, note }) {
    const random = randomFrom(seed)
    const proofs: OutboxProof[] = []
    for (const scenario of scenarios.filter((name) => wanted.includes(name))) {
      const proof = await killUnderLoad({ scenario, rounds, random, folder, note })
      proofs.push(proof)
      // Told at once: a run that is cut off in the next scenario has shown this much.
      note(`${scenario}: ${proof.problems.length === 0 ? 'nothing lost' : `${proof.problems.length} problems`}`)
    }
    const counts = Object.fromEntries(
      proofs.flatMap(({ scenario, kills, acknowledged, copies }) => [
        [`kills (${scenario})`, kills],
        [`messages acknowledged (${scenario})`, acknowledged],
        [`copies (${scenario})`, copies],
      ]),
    )
    const sum = (of: 'kills' | 'acknowledged' | 'copies') => proofs.reduce((all, proof) => all + proof[of], 0)
    return {
      figures: `${sum('kills')} kills, ${sum('acknowledged')} messages acknowledged, ${sum('copies')} arrived more than once`,
      counts,
      problems: proofs.flatMap(({ problems }) => problems),
    }
  },
}
export default soak
