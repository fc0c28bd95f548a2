import type { MenuItemConstructorOptions } from 'electron'
import type { StandInWindow } from './browser-window.ts'

/** What some roles do, as far as tests press them. */
type RoleActions = Readonly<Record<string, (window: StandInWindow | null) => void>>

/** Makes `Menu` and `MenuItem` of one stand-in. */
export function menuClasses(focusedWindow: () => StandInWindow | null, roles: RoleActions) {
  class MenuItem {
    readonly id: string
    readonly label: string
    readonly type: string
    readonly role: string | undefined
    readonly accelerator: string | undefined
    readonly submenu: Menu | undefined
    enabled: boolean
    visible: boolean
    checked: boolean
    readonly #click: MenuItemConstructorOptions['click']

    constructor(options: MenuItemConstructorOptions) {
      const { submenu } = options
      this.id = options.id ?? ''
      this.role = options.role?.toLowerCase()
      this.label = options.label ?? options.role ?? ''
      this.type = options.type ?? (submenu ? 'submenu' : 'normal')
      this.accelerator = typeof options.accelerator === 'string' ? options.accelerator : undefined
      this.submenu = Array.isArray(submenu) ? Menu.buildFromTemplate(submenu) : undefined
      this.enabled = options.enabled ?? true
      this.visible = options.visible ?? true
      this.checked = options.checked ?? false
      this.#click = options.click
    }

    /** As if it had been chosen; a disabled one cannot be. */
    click(): void {
      if (!this.enabled) return
      if (this.role !== undefined) roles[this.role]?.(focusedWindow())
      else Reflect.apply(this.#click ?? (() => {}), undefined, [this, focusedWindow(), {}])
    }
  }

  let applicationMenu: Menu | null = null

  class Menu {
    static buildFromTemplate(template: readonly MenuItemConstructorOptions[]): Menu {
      return new Menu(template.map((options) => new MenuItem(options)))
    }

    static setApplicationMenu(menu: Menu | null): void {
      applicationMenu = menu
    }

    static getApplicationMenu(): Menu | null {
      return applicationMenu
    }

    readonly items: readonly MenuItem[]

    constructor(items: readonly MenuItem[] = []) {
      this.items = items
    }

    getMenuItemById(id: string): MenuItem | null {
      for (const item of this.items) {
        if (item.id === id) return item
        const below = item.submenu?.getMenuItemById(id)
        if (below) return below
      }
      return null
    }
  }

  return { Menu, MenuItem }
}
