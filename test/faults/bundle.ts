import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { programs } from '#core/platform/programs.ts'

const project = join(import.meta.dirname, '..', '..')

/** The store's own programs. */
const storePrograms = Object.entries(programs).filter(([, path]) => path.startsWith('store/'))

/**
 * Builds the store's own programs, or those given, and a driver into a folder, as the product is built: a driver that is started hundreds
 * of times must not strip types each time. Resolves with the path of the driver; the folder serves `builtRuntime`.
 */
export async function bundle(driver: string, folder: string, own = storePrograms): Promise<string> {
  await build({
    root: project,
    configFile: false,
    logLevel: 'error',
    // Loading zod from its many files costs more than everything else that the programs do.
    ssr: { noExternal: ['zod'] },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: false,
      target: 'node24',
      minify: false,
      rolldownOptions: {
        input: {
          ...Object.fromEntries(own.map(([name, path]) => [name, join(project, 'src', 'main', 'core', `${path}.ts`)])),
          driver,
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunk-[hash].js' },
      },
    },
  })
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
  return join(folder, 'driver.js')
}
