import { Select } from '@mantine/core'
import { clearCross } from '../../components/clear-cross.ts'
import { useSelected } from '../../state/use-shown.ts'

/** Narrows a list to one route. */
export function RouteChoice({
  value,
  onChange,
}: {
  readonly value: string | null
  readonly onChange: (route: string | null) => void
}) {
  const routes = useSelected(
    'routes',
    (slice) => Object.keys(slice).sort(),
    (a, b) => a.join() === b.join(),
  )
  return (
    <Select
      aria-label="Route"
      placeholder="All routes"
      clearable
      clearButtonProps={clearCross('route')}
      w={200}
      data={routes}
      value={value}
      onChange={onChange}
    />
  )
}
