import { join } from 'node:path'
import type { Menu, MenuItemConstructorOptions, NativeImage, Tray } from 'electron'
import type { StateHub } from '#core/state/index.ts'
import type { Health } from '#shared/vocabulary.ts'
import type { SiteActions } from './site-actions.ts'
import { type TrayView, trayView } from './tray-view.ts'

export interface TrayOptions {
  readonly Tray: new (image: NativeImage) => Tray
  readonly Menu: Pick<typeof Menu, 'buildFromTemplate'>
  readonly nativeImage: { createFromPath(path: string): NativeImage }
  /** Folder with `tray-<health>.png` and their `@2x`. */
  readonly icons: string
  readonly actions: SiteActions
  readonly open: () => void
  readonly quit: () => void
}

/** The console in the tray: an icon of its own shape per health, the site's sentence, and what matters when no window is open. */
export class ConsoleTray implements Disposable {
  readonly #options: TrayOptions
  readonly #tray: Tray
  readonly #images: Readonly<Record<Health, NativeImage>>
  #state: Pick<StateHub, 'slice'> | null = null
  #watching: Disposable | null = null
  #quitting: string | null = null
  #shown: TrayView | null = null

  constructor(options: TrayOptions) {
    this.#options = options
    const image = (health: Health) => options.nativeImage.createFromPath(join(options.icons, `tray-${health}.png`))
    this.#images = {
      healthy: image('healthy'),
      degraded: image('degraded'),
      unhealthy: image('unhealthy'),
      unknown: image('unknown'),
    }
    this.#tray = new options.Tray(this.#images.unknown)
    this.#tray.on('click', () => options.open())
    this.#show()
  }

  /** From now on shows this console's site. */
  follow(state: Pick<StateHub, 'slice' | 'onRevision'>): void {
    this.#state = state
    this.#watching?.[Symbol.dispose]()
    this.#watching = state.onRevision(({ slices }) => {
      if (slices.site || slices.console) this.#show()
    })
    this.#show()
  }

  /** Shows that the console is ending, and what it waits for. */
  announceQuit(sentence: string): void {
    this.#quitting = sentence
    this.#show()
  }

  [Symbol.dispose](): void {
    this.#watching?.[Symbol.dispose]()
    this.#tray.destroy()
  }

  #show(): void {
    const view = trayView(
      this.#state?.slice('console').get('console'),
      this.#state?.slice('site').get('site'),
      this.#quitting,
    )
    const shown = this.#shown
    if (shown && shown.icon === view.icon && shown.sentence === view.sentence && shown.actions === view.actions) return
    this.#shown = view
    this.#tray.setImage(this.#images[view.icon])
    this.#tray.setToolTip(view.sentence)
    // Linux shows a changed menu only when it is set anew.
    this.#tray.setContextMenu(this.#options.Menu.buildFromTemplate(this.#template(view)))
  }

  #template(view: TrayView): MenuItemConstructorOptions[] {
    const { actions, open, quit } = this.#options
    const ending = this.#quitting !== null
    return [
      { id: 'sentence', label: view.sentence, enabled: false },
      { type: 'separator' },
      { id: 'open', label: 'Open Wheelhouse', enabled: !ending, click: open },
      { type: 'separator' },
      { id: 'start-all', label: 'Start all services', enabled: view.actions, click: () => actions.startAll() },
      { id: 'stop-all', label: 'Stop all services', enabled: view.actions, click: () => actions.stopAll() },
      { id: 'emergency-stop', label: 'Emergency stop', enabled: view.actions, click: () => actions.emergencyStop() },
      { type: 'separator' },
      { id: 'quit', label: 'Quit and stop all services', enabled: !ending, click: quit },
    ]
  }
}
