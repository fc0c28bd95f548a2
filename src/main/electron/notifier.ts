import type { Notification, NotificationConstructorOptions } from 'electron'
import type { StateHub } from '#core/state/index.ts'
import type { AttentionView } from '#shared/contract/state.ts'
import { severities } from '#shared/vocabulary.ts'

/** More new conditions than this at once become one notification: a flood tells nothing. */
const mostAtOnce = 3

/** A desktop notification to be shown. */
export interface Notice {
  readonly title: string
  readonly body: string
}

/**
 * The notifications that open conditions call for, and which conditions have been told: each once, from warning up, while it
 * is not dismissed. One that ended and came back has another `since` and is told again.
 */
export function dueNotices(
  told: ReadonlySet<string>,
  open: readonly AttentionView[],
): { readonly notices: readonly Notice[]; readonly told: ReadonlySet<string> } {
  const worthy = open.filter(
    (view) =>
      !view.dismissed && view.shelved !== true && severities.indexOf(view.severity) >= severities.indexOf('warning'),
  )
  const fresh = worthy.filter((view) => !told.has(keyOf(view)))
  const notices =
    fresh.length > mostAtOnce
      ? [{ title: `${fresh.length} things need attention`, body: fresh.map((view) => view.title).join(', ') }]
      : fresh.map((view) => ({ title: view.title, body: view.why }))
  return { notices, told: new Set(worthy.map(keyOf)) }
}

function keyOf(view: AttentionView): string {
  return `${view.id} ${view.since}`
}

export interface NotifierOptions {
  readonly Notification: (new (options: NotificationConstructorOptions) => Notification) & { isSupported(): boolean }
  readonly icon: string
  /** The operator pressed a notification. */
  readonly onPressed: () => void
}

/** Desktop notifications for what needs a person, also while no window is open. */
export class Notifier implements Disposable {
  readonly #options: NotifierOptions
  #told: ReadonlySet<string> = new Set()
  /** Shown ones are kept while they may still be pressed: an object that is collected tells nobody. */
  readonly #shown: Notification[] = []
  #watching: Disposable | null = null

  constructor(options: NotifierOptions) {
    this.#options = options
  }

  follow(state: Pick<StateHub, 'slice' | 'onRevision'>): void {
    const look = () => {
      const { notices, told } = dueNotices(this.#told, Object.values(state.slice('attention').all()))
      this.#told = told
      for (const notice of notices) this.notify(notice)
    }
    this.#watching?.[Symbol.dispose]()
    this.#watching = state.onRevision(({ slices }) => {
      if (slices.attention) look()
    })
    look()
  }

  /** Shows one notification, where the desktop has any. */
  notify({ title, body }: Notice): void {
    const { Notification, icon, onPressed } = this.#options
    if (!Notification.isSupported()) return
    const notification = new Notification({ title, body, icon })
    notification.on('click', onPressed)
    this.#shown.push(notification)
    if (this.#shown.length > mostKept) this.#shown.shift()
    notification.show()
  }

  [Symbol.dispose](): void {
    this.#watching?.[Symbol.dispose]()
    for (const notification of this.#shown) notification.close()
  }
}

const mostKept = 20
