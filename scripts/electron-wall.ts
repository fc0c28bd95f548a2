import { relative } from 'node:path'
import type { Plugin } from 'vite'

/** Modules that only the desktop host may reach. `electron-log/node` is the part of that package made for plain Node. */
const desktopOnly = /^electron(-log(?!\/node$))?(\/|$)/

/** The one entry that may reach Electron; every other one runs on plain Node. */
const desktopEntry = 'src/main/index.ts'

/**
 * Fails the build where Electron is reachable from anything but the desktop's own entry, and from any module of the core.
 * The linter forbids the import itself; this also finds the way through a third module, and names it.
 */
export function electronWall(root: string): Plugin {
  const shown = (id: string) => relative(root, id)
  return {
    name: 'wheelhouse:electron-wall',
    apply: 'build',
    buildEnd(error) {
      if (error) return
      const imports = new Map<string, readonly string[]>()
      const starts: string[] = []
      for (const id of this.getModuleIds()) {
        const info = this.getModuleInfo(id)
        if (!info) continue
        imports.set(id, [...info.importedIds, ...info.dynamicallyImportedIds])
        const isPlainEntry = info.isEntry && shown(id) !== desktopEntry
        if (isPlainEntry || shown(id).startsWith('src/main/core/')) starts.push(id)
      }
      const way = wayToElectron(starts, imports)
      if (way) {
        this.error(
          `Electron is reachable from code that must run without it: ${way.map(shown).join(' → ')}. ` +
            'Take what is needed from Electron as a port instead.',
        )
      }
    },
  }
}

/**
 * The shortest chain of imports from one of `starts` to a module that only the desktop may reach, ends included;
 * undefined where there is none. `imports` holds what each module imports, statically or not.
 */
export function wayToElectron(
  starts: readonly string[],
  imports: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const seen = new Set(starts)
  let front: (readonly string[])[] = starts.map((start) => [start])
  while (front.length > 0) {
    const next: (readonly string[])[] = []
    for (const way of front) {
      for (const imported of imports.get(way.at(-1) ?? '') ?? []) {
        if (desktopOnly.test(imported)) return [...way, imported]
        if (seen.has(imported)) continue
        seen.add(imported)
        next.push([...way, imported])
      }
    }
    front = next
  }
  return undefined
}
