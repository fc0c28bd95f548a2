import { useQuery } from '@tanstack/react-query'
import { usePage } from '../../state/page-context.ts'
import { useEntity, useSite } from '../../state/use-shown.ts'

/** Asked again whenever the console read the configuration anew, or has one that waits. */
export function useConfig() {
  const { link } = usePage()
  const read = useSite()?.config.loadedAt ?? 0
  const pending = useEntity('attention', 'config-pending')
  const values = useQuery({
    queryKey: ['config-values', read],
    queryFn: () => link.calls.config.values(),
    retry: false,
  })
  const versions = useQuery({ queryKey: ['config-versions', read], queryFn: () => link.calls.config.versions() })
  const plan = useQuery({
    queryKey: ['config-plan', read, pending?.id ?? null],
    queryFn: () => link.calls.config.plan(),
    enabled: pending !== undefined,
  })
  return { values, versions, plan, waits: pending !== undefined }
}
