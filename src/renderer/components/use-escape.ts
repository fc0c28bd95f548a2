import { useEffect, useRef } from 'react'

/** While `open`, Escape closes wherever the focus is; a dialog over the page has it first. */
export function useEscape(open: boolean, onEscape: () => void): void {
  const latest = useRef(onEscape)
  latest.current = onEscape
  useEffect(() => {
    if (!open) return
    const listen = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || document.querySelector('[aria-modal="true"]')?.checkVisibility()) return
      event.preventDefault()
      latest.current()
    }
    // On the document: the drawer listens before it, on the window, and sees that something lies over the page.
    document.addEventListener('keydown', listen, { capture: true })
    return () => document.removeEventListener('keydown', listen, { capture: true })
  }, [open])
}
