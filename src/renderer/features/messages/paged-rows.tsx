import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import { PanelBody } from '../../components/panel.tsx'
import { VirtualList } from '../../components/virtual-list.tsx'
import styles from './paged-rows.module.css'

/** How many rows a page holds. */
export const pageSize = 200

/** Stored rows, newest first, older ones on demand; keyed by their number, so that nothing is shown twice. */
export function PagedRows<T>({
  queryKey,
  load,
  keyOf,
  label,
  empty,
  selected,
  onSelect,
  children,
}: {
  readonly queryKey: readonly unknown[]
  readonly load: (before: number | undefined) => Promise<{ readonly rows: readonly T[]; readonly more: boolean }>
  readonly keyOf: (row: T) => number
  readonly label: string
  readonly empty: string
  readonly selected: number | undefined
  readonly onSelect: (row: T) => void
  readonly children: (row: T) => ReactNode
}) {
  const first: number | undefined = undefined
  const query = useInfiniteQuery({
    queryKey,
    initialPageParam: first,
    queryFn: ({ pageParam }: { pageParam: number | undefined }) => load(pageParam),
    getNextPageParam: (page) => {
      const last = page.rows.at(-1)
      return page.more && last !== undefined ? keyOf(last) : undefined
    },
    staleTime: 0,
    refetchInterval: 5_000,
  })
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? []
  return (
    <>
      <div className={styles.frame}>
        <PanelBody
          content={
            query.error
              ? { state: 'failed', problem: toConsoleError(query.error).problem, retry: () => void query.refetch() }
              : query.isPending
                ? { state: 'loading', waitsFor: 'Waiting for the rows.' }
                : rows.length === 0
                  ? { state: 'empty', sentence: empty }
                  : { state: 'ready' }
          }
        >
          <VirtualList rows={rows} rowKey={keyOf} label={label} selected={selected} onSelect={onSelect}>
            {(row) => <div className={styles.row}>{children(row)}</div>}
          </VirtualList>
        </PanelBody>
      </div>
      {query.hasNextPage && (
        <div className={styles.older}>
          <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Older
          </Button>
        </div>
      )}
    </>
  )
}
