import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** What the keyboard is on now, and whether a person sees that it is. */
interface Focused {
  readonly name: string
  readonly ring: boolean
}

/**
 * Goes by Tab alone (`back`: Shift+Tab) to the control of this name, as a person without a mouse does. Every stop on the way must show
 * that it has the focus.
 */
export async function tabTo(page: Page, name: string | RegExp, back = false): Promise<void> {
  const isThere = (now: Focused) => (typeof name === 'string' ? now.name === name : name.test(now.name))
  const seen: string[] = []
  for (let press = 0; press < 120; press++) {
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab')
    const now = await focused(page)
    if (now.name === '') continue // the end of the page, or what only keeps the focus within a dialog
    expect(now.ring, `${now.name} shows that it has the focus`).toBe(true)
    if (isThere(now)) return
    seen.push(now.name)
  }
  throw new Error(`No way by Tab to ${String(name)}; passed: ${seen.join(' | ')}`)
}

/** The name of the control that has the focus; empty when none has. */
export async function focusedName(page: Page): Promise<string> {
  return (await focused(page)).name
}

function focused(page: Page): Promise<Focused> {
  return page.evaluate(() => {
    const element = document.activeElement
    if (!(element instanceof HTMLElement) || element === document.body) return { name: '', ring: false }
    const labelled = element.getAttribute('aria-labelledby')
    const name =
      element.getAttribute('aria-label') ??
      (labelled === null ? null : document.getElementById(labelled)?.textContent) ??
      (element instanceof HTMLInputElement ? (element.labels?.[0]?.textContent ?? element.placeholder) : null) ??
      element.textContent
    // A field tells by its border, everything else by a ring of its own or of what holds it.
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element)
    const ring = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0
    return { name: name?.trim() ?? '', ring: ring || boxShadow !== 'none' || element.matches('input, textarea') }
  })
}
