import { Link } from 'react-router'
import type { ServiceView } from '#shared/contract/index.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { Age, Time } from '../../components/time.tsx'
import { useEntity, useSelected, useSite } from '../../state/use-shown.ts'
import { Contact } from '../services/contact.tsx'
import { serviceStateWords } from '../services/state-words.ts'
import { Why } from '../why/why.tsx'
import { Score } from './score.tsx'
import styles from './verdict.module.css'

/** The health of the site in one sentence, since when, and what is not right with its reason. */
export function Verdict() {
  const site = useSite()
  const troubled = useSelected('services', troubledServices, sameServices)
  if (!site) return null
  const bad = site.health === 'degraded' || site.health === 'unhealthy'
  return (
    <div className={styles.verdict}>
      <div className={styles.line}>
        <HealthMark health={site.health} size={20} />
        <div>
          <p className={styles.sentence} title={site.sentence}>
            <Sentence text={site.sentence} />
          </p>
          <p className="dim">
            {site.health} since <Time at={site.since} />, <Age at={site.since} />
            {' · '}
            <Why subject="site" about={site.name} />
          </p>
          <Checks />
        </div>
        <Score score={site.score} />
      </div>
      {troubled.length > 0 && (
        <ul className={styles.troubled} aria-label="Services that are not healthy">
          {troubled.slice(0, 4).map((service) => (
            <li key={service.id}>
              <HealthMark health={service.health} />
              <Link to={`/services/${service.id}`} className={styles.name}>
                {service.id}
              </Link>
              <span className="dim">
                {serviceStateWords[service.state]}
                {service.optional && ', optional'}
              </span>
              <span className={styles.reason} title={service.reason}>
                <Sentence text={service.reason} />
              </span>
              <Why subject={`service:${service.id}`} about={service.id} />
            </li>
          ))}
          {troubled.length > 4 && (
            <li>
              <Link to="/services">{troubled.length - 4} more</Link>
            </li>
          )}
        </ul>
      )}
      {bad && <Contact />}
    </div>
  )
}

/** How many of the checks of the site passed, leading to the list. */
function Checks() {
  const verification = useEntity('verification', 'verification')
  if (!verification || verification.at === null) return null
  return (
    <p className="dim">
      <Link to="/diagnose">{verification.sentence}</Link> <Age at={verification.at} />
    </p>
  )
}

type Troubled = Pick<ServiceView, 'id' | 'health' | 'state' | 'reason' | 'optional'>

/** What is degraded or unhealthy, what the site needs before what is optional, the worst first. Unknown is quiet: its cause is shown instead. */
function troubledServices(slice: Readonly<Record<string, ServiceView>>): readonly Troubled[] {
  return Object.values(slice)
    .filter((service) => service.health === 'degraded' || service.health === 'unhealthy')
    .sort(
      (a, b) =>
        Number(a.optional) - Number(b.optional) ||
        Number(a.health === 'degraded') - Number(b.health === 'degraded') ||
        a.since - b.since,
    )
    .map(({ id, health, state, reason, optional }) => ({ id, health, state, reason, optional }))
}

function sameServices(a: readonly Troubled[], b: readonly Troubled[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
