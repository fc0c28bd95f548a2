import { Button } from '@mantine/core'
import { IconExternalLink, IconFolder } from '@tabler/icons-react'
import type { ServiceView } from '#shared/contract/index.ts'
import { useAction } from '../../state/use-action.tsx'
import { useEntity } from '../../state/use-shown.ts'
import styles from './service-drawer.module.css'

/** The pages and folders of a service that a person can open. */
export function ServiceWays({ service }: { readonly service: ServiceView }) {
  const view = useEntity('console', 'console')
  const { run } = useAction()
  const inWindow = view?.host === 'electron'
  if (service.pages.length === 0 && !view?.can.openFolder) return null
  return (
    <div className={styles.ways}>
      {service.pages.map((page) =>
        inWindow ? (
          <Button
            key={page.url}
            leftSection={<IconExternalLink size={14} />}
            onClick={() => void run((calls) => calls.console.openPage({ url: page.url }))}
          >
            Open {page.title}
          </Button>
        ) : (
          <Button
            key={page.url}
            component="a"
            href={page.url}
            target="_blank"
            rel="noreferrer noopener"
            leftSection={<IconExternalLink size={14} />}
          >
            Open {page.title}
          </Button>
        ),
      )}
      {view?.can.openFolder && (
        <Button
          leftSection={<IconFolder size={14} />}
          onClick={() => void run((calls) => calls.console.openFolder({ what: 'release', service: service.id }))}
        >
          Open folder
        </Button>
      )}
    </div>
  )
}
