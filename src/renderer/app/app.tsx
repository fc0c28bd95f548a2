import { Notifications } from '@mantine/notifications'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { RouterProvider } from 'react-router/dom'
import { SiteTimeProvider } from '../components/time.tsx'
import { PageContext, type PageParts } from '../state/page-context.ts'
import { keepFocus } from './kept-focus.ts'
import { Look } from './look.tsx'
import { makeRouter } from './routes.tsx'

/** The whole page over its parts. */
export function App({ parts }: { readonly parts: PageParts }) {
  const [router] = useState(makeRouter)
  const [queries] = useState(
    () => new QueryClient({ defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false } } }),
  )
  useEffect(() => {
    const kept = keepFocus(document)
    return () => kept[Symbol.dispose]()
  }, [])
  return (
    <PageContext value={parts}>
      <QueryClientProvider client={queries}>
        <Look>
          <Notifications position="bottom-right" limit={4} />
          <SiteTimeProvider>
            <RouterProvider router={router} />
          </SiteTimeProvider>
        </Look>
      </QueryClientProvider>
    </PageContext>
  )
}
