import type { MouseEvent } from 'react'

/** The cross that empties a field, for `clearButtonProps`: Tab reaches it, unlike Mantine's own; the focus goes back to the field. */
export function clearCross(what: string) {
  return { 'aria-label': `Clear ${what}`, 'aria-hidden': false, tabIndex: 0, onClick: backToField } as const
}

/** The cross goes away with what it clears: the focus is not to go with it. */
export function backToField(event: MouseEvent<HTMLElement>): void {
  event.currentTarget.closest('.mantine-Input-wrapper')?.querySelector('input')?.focus()
}
