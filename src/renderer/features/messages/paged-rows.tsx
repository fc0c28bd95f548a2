import { ActionIcon, Button, TextInput, Tooltip } from '@mantine/core'
import { IconDownload, IconSearch } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import { exportText } from '../../components/export-text.ts'
import { count } from '../../components/figures.ts'
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
  textOf,
  name,
  filters,
  label,
  heads,
  empty,
  selected,
  onSelect,
  children,
}: {
  readonly queryKey: readonly unknown[]
  readonly load: (before: number | undefined) => Promise<{ readonly rows: readonly T[]; readonly more: boolean }>
  readonly keyOf: (row: T) => number
  /** What the search looks through. */
  readonly textOf: (row: T) => string
  /** Names the exported file. */
  readonly name: string
  /** Filters that are applied by the console, before the search. */
  readonly filters: ReactNode
  readonly label: string
  /** What stands in the columns. */
  readonly heads: readonly [string, string, string, string]
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
    // Only while nothing older was asked for: every page would be read again.
    refetchInterval: (state) => ((state.state.data?.pages.length ?? 0) > 1 ? false : 5_000),
  })
  const [search, setSearch] = useState('')
  const words = search.trim().toLowerCase()
  const loaded = query.data?.pages.flatMap((page) => page.rows) ?? []
  const rows = words === '' ? loaded : loaded.filter((row) => textOf(row).toLowerCase().includes(words))
  return (
    <>
      <div className={styles.tools}>
        <TextInput
          aria-label="Search what is listed"
          placeholder="Search what is listed"
          leftSection={<IconSearch size={14} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        {filters}
        <Tooltip label="Save these rows as a file">
          <ActionIcon
            aria-label={`Export ${name}`}
            onClick={() =>
              exportText(`${name}.ndjson`, rows.map((row) => JSON.stringify(row)).join('\n'), 'application/x-ndjson')
            }
          >
            <IconDownload size={16} />
          </ActionIcon>
        </Tooltip>
        {words !== '' && (
          <span className="dim">
            {count(rows.length)} of the {count(loaded.length)} listed
          </span>
        )}
      </div>
      <div className={styles.frame}>
        <PanelBody
          content={
            query.error
              ? { state: 'failed', problem: toConsoleError(query.error).problem, retry: () => void query.refetch() }
              : query.isPending
                ? { state: 'loading', waitsFor: 'Waiting for the rows.' }
                : rows.length === 0
                  ? {
                      state: 'empty',
                      sentence:
                        words === ''
                          ? empty
                          : 'Nothing that is listed matches. Older rows may: press Older, or clear the search.',
                    }
                  : { state: 'ready' }
          }
        >
          <div className={styles.heads} aria-hidden="true">
            {heads.map((head) => (
              <span key={head}>{head}</span>
            ))}
          </div>
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
