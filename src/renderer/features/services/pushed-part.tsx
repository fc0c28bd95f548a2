import type { PushedView } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { DrawerPart } from '../../components/drawer.tsx'
import { count, counted } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Sparkline } from '../../components/sparkline.tsx'
import { Age } from '../../components/time.tsx'
import { useEntity } from '../../state/use-shown.ts'
import styles from './pushed-part.module.css'

/** What a service says of itself: its own word on its health, and its figures with a short history. */
export function PushedPart({ id }: { readonly id: string }) {
  const pushed = useEntity('pushed', id)
  if (!pushed) return null
  return (
    <DrawerPart title="Says of itself">
      <p className={styles.word}>
        {pushed.health !== null && <HealthMark health={pushed.health} />}
        <span>{pushed.sentence ?? (pushed.health === null ? 'Nothing about its health.' : `${pushed.health}.`)}</span>
        <span className="dim">
          {counted(pushed.pushes, 'push', 'pushes')} since it was started, the newest <Age at={pushed.at} />
        </span>
      </p>
      {pushed.figures.length > 0 && (
        <ul className={styles.figures} aria-label="Figures">
          {pushed.figures.map((figure) => (
            <Figure key={figure.name} figure={figure} />
          ))}
        </ul>
      )}
      {pushed.refused > 0 && (
        <p className="dim">{counted(pushed.refused, 'figure')} found no place: 50 different ones are kept.</p>
      )}
      <CommandLine label="figures" command={`wheelhouse figures ${id}`} />
    </DrawerPart>
  )
}

function Figure({ figure }: { readonly figure: PushedView['figures'][number] }) {
  const { name, value, at, history } = figure
  return (
    <li>
      <code>{name}</code>
      <Sparkline values={history} label={`${name}: the last ${history.length} values`} width={120} height={20} />
      <span className="number">{Math.abs(value) >= 1_000 ? count(value) : Number(value.toPrecision(4))}</span>
      <span className="number dim">
        <Age at={at} />
      </span>
    </li>
  )
}
