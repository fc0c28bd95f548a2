import styles from './share-bar.module.css'

/** A part of a whole, drawn from the left in the order given. */
export interface SharePart {
  readonly name: string
  readonly value: number
  /** Fainter parts are there and not in use. */
  readonly faint?: boolean
}

/** How much of a whole is taken, in neutral shades: colour is for states. Its figures stand beside it in words. */
export function ShareBar({
  label,
  parts,
  whole,
  mark,
}: {
  /** The same in words, for a screen reader. */
  readonly label: string
  readonly parts: readonly SharePart[]
  readonly whole: number
  /** A place on the bar that means something, such as where overflow begins. */
  readonly mark?: number
}) {
  const share = (value: number) => `${whole > 0 ? Math.min(100, (100 * value) / whole) : 0}%`
  return (
    <div className={styles.bar} role="img" aria-label={label} title={label}>
      {parts
        .filter((part) => part.value > 0)
        .map((part) => (
          <div key={part.name} data-faint={part.faint || undefined} style={{ width: share(part.value) }} />
        ))}
      {mark !== undefined && <i className={styles.mark} style={{ left: share(mark) }} />}
    </div>
  )
}
