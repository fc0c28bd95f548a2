/** Where the keyboard was. */
interface Place {
  readonly element: HTMLElement
  /** What it lay in, the nearest first, up to the page itself. */
  readonly around: readonly HTMLElement[]
  /** Whether it lay in something that opens and closes: when that is gone, the place before it counts. */
  readonly passing: boolean
}

/** How many places are remembered: a dialog over a menu over a drawer needs four. */
const most = 8

const passing = 'aside, [role="dialog"], [role="menu"], [role="listbox"], [role="alert"]'
const focusable = 'a[href], button, input, select, textarea, summary, [tabindex="0"]'

/**
 * Keeps the keyboard where it is. A button that was pressed is often disabled while its act runs, or gives its place to another one, and
 * the browser then lets the focus go: whoever has no mouse would begin at the top of the page again. While this lives such a focus comes
 * back, when the button can be pressed again; to what stands in its place; or, from a layer that was closed, to where it was before that.
 * A focus that a person took away is left alone.
 */
export function keepFocus(page: Document): Disposable {
  let places: Place[] = []
  const come = ({ target }: FocusEvent) => {
    if (!(target instanceof HTMLElement)) return
    places = [placeOf(target), ...places.filter(({ element }) => element !== target)].slice(0, most)
  }
  const press = () => {
    // The browser moves the focus after everybody has heard of the press.
    setTimeout(() => {
      if (isLost(page)) places = []
    })
  }
  const look = () => {
    if (places.length === 0 || !isLost(page)) return
    const place = places.find(({ element, passing }) => element.isConnected || !passing)
    if (!place) return
    const next = place.element.isConnected ? place.element : inPlaceOf(place)
    // One that is disabled is waited for.
    if (next && isUsable(next)) next.focus({ preventScroll: true })
  }
  const changes = new MutationObserver(look)
  changes.observe(page.body, { subtree: true, childList: true, attributeFilter: ['disabled'] })
  page.addEventListener('focusin', come)
  page.addEventListener('mousedown', press)
  return {
    [Symbol.dispose]() {
      changes.disconnect()
      page.removeEventListener('focusin', come)
      page.removeEventListener('mousedown', press)
    },
  }
}

function placeOf(element: HTMLElement): Place {
  const around: HTMLElement[] = []
  for (let outer = element.parentElement; outer && !outer.matches('main, body'); outer = outer.parentElement) {
    around.push(outer)
  }
  return { element, around, passing: element.closest(passing) !== null }
}

/** Nothing has the focus, or what has it cannot be used. */
function isLost({ activeElement, body }: Document): boolean {
  return activeElement === null || activeElement === body || activeElement.matches(':disabled')
}

function isUsable(element: HTMLElement): boolean {
  return !element.matches(':disabled') && element.checkVisibility()
}

/** What stands where something was that is gone: the first that can be used in the nearest part of the page that is still there. */
function inPlaceOf({ around }: Place): HTMLElement | undefined {
  const rest = around.find(({ isConnected }) => isConnected)
  return [...(rest?.querySelectorAll<HTMLElement>(focusable) ?? [])].find(isUsable)
}
