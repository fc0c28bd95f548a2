import { useSelected } from '../../state/use-shown.ts'

/** Changes whenever a state changes that an answer may rest on; not with mere figures, ages and measured times. */
export function useStateDigest(): string {
  const services = useSelected('services', (slice) =>
    digest(Object.values(slice), ({ id, state, health, since, event, probes }) => [
      id,
      state,
      health,
      since,
      event,
      probes.map(({ passing }) => passing),
    ]),
  )
  const attention = useSelected('attention', (slice) =>
    digest(Object.values(slice), ({ id, why, dismissed }) => [id, why, dismissed]),
  )
  const jobs = useSelected('jobs', (slice) =>
    digest(Object.values(slice), ({ id, state, steps }) => [id, state, steps.map((step) => step.state)]),
  )
  const site = useSelected('site', (slice) =>
    digest(Object.values(slice), ({ health, sentence, config, trust }) => [health, sentence, config, trust === null]),
  )
  const traffic = useSelected('traffic', (slice) =>
    digest(Object.values(slice), ({ broker, router }) => [broker.state, router]),
  )
  const routes = useSelected('routes', (slice) =>
    digest(Object.values(slice), ({ id, on, lastError, quarantined }) => [id, on, lastError, quarantined]),
  )
  const store = useSelected('store', (slice) =>
    digest(Object.values(slice), ({ state, note, databases }) => [
      state,
      note,
      databases.map(({ lastCheck }) => lastCheck),
    ]),
  )
  const databases = useSelected('databases', (slice) =>
    digest(Object.values(slice), ({ id, health, lastCheck }) => [id, health, lastCheck]),
  )
  const backups = useSelected('backups', (slice) =>
    digest(Object.values(slice), ({ lastAt, lastVerifiedAt, note }) => [lastAt, lastVerifiedAt, note]),
  )
  const snapshots = useSelected('snapshots', (slice) =>
    digest(Object.values(slice), ({ id, verified }) => [id, verified]),
  )
  const rehearsals = useSelected('rehearsals', (slice) =>
    digest(Object.values(slice), ({ light, sentence, job, nextAt }) => [light, sentence, job, nextAt]),
  )
  const dependencies = useSelected('dependencies', (slice) =>
    digest(Object.values(slice), ({ id, state, since, sentence, problem, check }) => [
      id,
      state,
      since,
      sentence,
      problem,
      check?.last?.ok,
    ]),
  )
  const recovery = useSelected('recovery', (slice) =>
    digest(Object.values(slice), ({ id, on, switchedOff, subjects, last }) => [id, on, switchedOff, subjects, last]),
  )
  const maintenance = useSelected('maintenance', (slice) =>
    digest(Object.values(slice), ({ on, reason, held, event }) => [on, reason, held, event]),
  )
  const verification = useSelected('verification', (slice) =>
    digest(Object.values(slice), ({ checks }) => checks.map(({ id, state, sentence }) => [id, state, sentence])),
  )
  const drills = useSelected('drills', (slice) =>
    digest(Object.values(slice), ({ id, job, last }) => [id, job, last?.id, last?.state]),
  )
  return [
    services,
    attention,
    jobs,
    site,
    traffic,
    routes,
    store,
    databases,
    backups,
    snapshots,
    rehearsals,
    dependencies,
    recovery,
    maintenance,
    verification,
    drills,
  ].join('\n')
}

function digest<T>(entities: readonly T[], telling: (entity: T) => unknown): string {
  return JSON.stringify(entities.map(telling))
}
