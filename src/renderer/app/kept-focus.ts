/** Where the keyboard was. */
interface Place {
  readonly element: HTMLElement
  /** What it lay in, the nearest first, up to the page itself. */
  readonly around: readonly HTMLElement[]
  /** What opens and closes that it lay in: when that is gone, the place before it counts. Null for the page itself. */
  readonly layer: Element | null
  /** Whether something was done from here: what it opened leads back here, wherever the focus went on the way. */
  readonly acted: boolean
}

/** How many places are remembered, one for each layer: a dialog over a menu over a drawer needs four. */
const most = 8

const layers = 'aside, [role="dialog"], [role="menu"], [role="listbox"], [role="alert"]'
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
    const place = placeOf(target)
    places = [place, ...places.filter(({ layer, acted }) => layer !== place.layer || acted)].slice(0, most)
  }
  const act = ({ key, type }: KeyboardEvent) => {
    // An arrow has moved the focus by the time that it is let go.
    if (!(type === 'keyup' ? /^Arrow/ : /^(Enter| )$/).test(key)) return
    const [now, ...before] = places
    if (now) places = [{ ...now, acted: true }, ...before.filter(({ layer }) => layer !== now.layer)]
  }
  const press = () => {
    // The browser moves the focus after everybody has heard of the press.
    setTimeout(() => {
      if (isLost(page)) places = []
    })
  }
  const look = () => {
    if (places.length === 0 || !isLost(page)) return
    const place = placeToGo(places)
    if (!place) return
    const next = place.element.isConnected ? place.element : inPlaceOf(place)
    // One that is disabled is waited for.
    if (next && isUsable(next)) next.focus({ preventScroll: true })
  }
  const changes = new MutationObserver(look)
  changes.observe(page.body, { subtree: true, childList: true, attributeFilter: ['disabled'] })
  page.addEventListener('focusin', come)
  page.addEventListener('keydown', act, { capture: true })
  page.addEventListener('keyup', act, { capture: true })
  page.addEventListener('mousedown', press)
  return {
    [Symbol.dispose]() {
      changes.disconnect()
      page.removeEventListener('focusin', come)
      page.removeEventListener('keydown', act, { capture: true })
      page.removeEventListener('keyup', act, { capture: true })
      page.removeEventListener('mousedown', press)
    },
  }
}

function placeOf(element: HTMLElement): Place {
  const around: HTMLElement[] = []
  for (let outer = element.parentElement; outer && !outer.matches('main, body'); outer = outer.parentElement) {
    around.push(outer)
  }
  return { element, around, layer: element.closest(layers), acted: false }
}

/** The newest place of the layer that is still there; of one that opened another, the place from which that was done. */
function placeToGo([newest, ...before]: readonly Place[]): Place | undefined {
  if (!newest || newest.element.isConnected || newest.layer === null) return newest
  const there = before.filter(({ element, layer }) => layer !== newest.layer && (element.isConnected || layer === null))
  return there.find(({ layer, acted }) => acted && layer === there[0]?.layer) ?? there[0]
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
