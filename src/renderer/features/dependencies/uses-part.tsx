import { Link } from 'react-router'
import type { ServiceView } from '#shared/contract/index.ts'
import { DrawerPart } from '../../components/drawer.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { useSlice } from '../../state/use-shown.ts'
import styles from './dependencies.module.css'
import { breakerWords, dependencyHealth } from './dependency-words.ts'

/** The dependencies that a service calls through the console; nothing when it calls none. */
export function UsesPart({ uses }: { readonly uses: ServiceView['uses'] }) {
  const dependencies = useSlice('dependencies')
  if (uses.length === 0) return null
  return (
    <DrawerPart title="Uses">
      <ul className={styles.list}>
        {uses.map(({ dependency: id, required }) => {
          const found = dependencies[id]
          return (
            <li key={id}>
              <HealthMark health={found ? dependencyHealth(found) : 'unknown'} />{' '}
              <Link to={`/services/dependency/${id}`}>{found?.title ?? id}</Link>{' '}
              <span className="dim">
                {required ? 'required' : 'optional'}
                {found && `, ${breakerWords[found.state]}`}
              </span>
            </li>
          )
        })}
      </ul>
    </DrawerPart>
  )
}
