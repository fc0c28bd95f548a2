import { useEffect, useRef } from 'react'

/** What lies over the page and takes the keys while it is there. */
const overlays = '[role="dialog"], [role="menu"], .mantine-Combobox-dropdown, .mantine-Popover-dropdown'
/** Whoever has the focus and acts on these keys itself. */
const moving = new Set(['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End', 'Enter', ' '])

/** Keys of a page: told when nobody is typing and nothing lies over it. Arrows and Enter only while the list or nothing has the focus. */
export function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const act = latest.current[event.key]
      if (!act || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (!isFree(event.target, event.key)) return
      if ([...document.querySelectorAll(overlays)].some((overlay) => overlay.checkVisibility())) return
      event.preventDefault()
      act()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
}

function isFree(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement) || target === document.body) return true
  if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return false
  return !moving.has(key) || target.closest('[role="listbox"]') !== null || target.tagName === 'MAIN'
}
