import { ActionIcon, Popover, Tooltip } from '@mantine/core'
import { IconKeyboard } from '@tabler/icons-react'
import { useState } from 'react'
import { useEscape } from '../../components/use-escape.ts'
import styles from './keys-hint.module.css'
import { useKeys } from './use-keys.ts'

const keys = [
  ['j k ↓ ↑', 'next and previous event'],
  ['Page ↓ ↑', 'a page further'],
  ['Home End', 'newest and oldest event'],
  ['Enter', 'open the event'],
  ['Escape', 'close it'],
  ['c', 'to its cause'],
  ['e', 'to its effects'],
  ['n', 'now: follow what happens'],
  ['/', 'search'],
  ['← →', 'on the scrubber: from bar to bar'],
  ['Shift ← →', 'on the scrubber: select a span'],
  ['?', 'these keys'],
] as const

/** The keys of the timeline, behind a button and the key `?`. */
export function KeysHint() {
  const [opened, setOpened] = useState(false)
  useKeys({ '?': () => setOpened(true) })
  useEscape(opened, () => setOpened(false))
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" closeOnEscape={false}>
      <Popover.Target>
        <Tooltip label="Keys (?)">
          <ActionIcon aria-label="Keys" onClick={() => setOpened(!opened)}>
            <IconKeyboard size={16} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <dl className={styles.keys}>
          {keys.map(([key, what]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </Popover.Dropdown>
    </Popover>
  )
}
