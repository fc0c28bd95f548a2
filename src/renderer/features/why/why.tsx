import { Popover } from '@mantine/core'
import { type MouseEvent, type SyntheticEvent, useCallback, useRef, useState } from 'react'
import { useEscape } from '../../components/use-escape.ts'
import styles from './why.module.css'
import { WhyAnswer } from './why-answer.tsx'

/**
 * Why something is as it is, beside its state: a button that opens the sentence, its evidence and what helps. `subject` as the
 * contract has it: `site`, `service:api`, `card:…`. `about` is its name for a screen reader.
 */
export function Why({ subject, about }: { readonly subject: string; readonly about?: string }) {
  const [open, setOpen] = useState(false)
  const [byKeyboard, setByKeyboard] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const close = useCallback(() => setOpen(false), [])
  useEscape(open, () => {
    close()
    button.current?.focus()
  })
  const toggle = (event: MouseEvent) => {
    // The row or card around it has an act of its own.
    event.stopPropagation()
    event.preventDefault()
    // A press of a key counts no clicks. Only then the focus goes to the answer: a mouse leaves it where it is.
    setByKeyboard(event.detail === 0)
    setOpen(!open)
  }
  return (
    <Popover
      opened={open}
      onChange={setOpen}
      position="bottom-start"
      width={460}
      trapFocus={byKeyboard}
      returnFocus={byKeyboard}
      closeOnEscape={false}
      middlewares={room}
    >
      <Popover.Target>
        <button
          ref={button}
          type="button"
          className={styles.button}
          aria-label={`Why? ${about ?? subject}`}
          data-why={subject}
          onClick={toggle}
          onKeyDown={keep}
        >
          Why?
        </button>
      </Popover.Target>
      <Popover.Dropdown className={`${styles.dropdown}`} onClick={keep} onKeyDown={keepArrows}>
        <WhyAnswer subject={subject} onClose={close} />
      </Popover.Dropdown>
    </Popover>
  )
}

/** On a small screen the answer is moved rather than cut off, over its own button if need be. */
const room = { flip: true, shift: { crossAxis: true, padding: 8 } } as const

/** What happens in the answer is nothing to the row that it was opened from. */
function keep(event: SyntheticEvent): void {
  event.stopPropagation()
}

function keepArrows(event: SyntheticEvent<HTMLElement, KeyboardEvent>): void {
  if (event.nativeEvent.key.startsWith('Arrow')) event.stopPropagation()
}
