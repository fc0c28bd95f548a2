import styles from './sparkline.module.css'

/** A history as a small line, newest at the right. `top` fixes the scale (100 for per cent); otherwise the largest value does. */
export function Sparkline({
  values,
  top,
  label,
  width = 96,
  height = 24,
  slots = 59,
}: {
  readonly values: readonly number[]
  readonly top?: number
  readonly label: string
  readonly width?: number
  readonly height?: number
  /** How many steps from one value to the next the width has room for. */
  readonly slots?: number
}) {
  const most = Math.max(top ?? 0, ...values, 0.001)
  const points = values.map((value, index) => {
    const x = width - ((values.length - 1 - index) * width) / slots
    const y = height - 1.5 - (Math.max(0, value) / most) * (height - 3)
    return `${x.toFixed(1)},${y.toFixed(1)}`
  })
  const first = points[0]?.split(',')[0] ?? '0'
  return (
    <svg
      className={styles.line}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {points.length > 1 && (
        <>
          <polygon points={`${first},${height} ${points.join(' ')} ${width},${height}`} className={styles.area} />
          <polyline points={points.join(' ')} className={styles.stroke} vectorEffect="non-scaling-stroke" />
        </>
      )}
      <line
        x1="0"
        x2={width}
        y1={height - 0.5}
        y2={height - 0.5}
        className={styles.base}
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  )
}
