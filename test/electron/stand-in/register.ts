import { registerHooks } from 'node:module'
import { join } from 'node:path'

// Loaded with `node --import` before the app: from here on `electron` is the stand-in, for imports and for require().
const standIn = new URL('./electron.ts', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' || specifier === 'electron/main'
      ? { url: standIn, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
})

Object.defineProperty(process.versions, 'electron', { value: '45.4.1', enumerable: true })
Object.defineProperty(process, 'type', { value: 'browser' })
Object.defineProperty(process, 'resourcesPath', { value: join(import.meta.dirname, '..', '..', '..', 'resources') })
// The RunAsNode fuse is off: Electron's own binary runs nothing else. A path that does not exist shows who tries.
process.execPath = '/nonexistent/electron'
