import type { BrowserWindow, Dialog, Shell } from 'electron'
import { ConsoleError } from '#shared/problem.ts'
import type { Dialogs } from '../console/index.ts'

/**
 * What of the desktop the console may use for an operator: to choose and open folders and pages. Opening rejects with
 * `folder-not-opened`, and with `page-not-opened` for anything but http and https.
 */
export function desktopDialogs(
  dialog: Pick<Dialog, 'showOpenDialog'>,
  shell: Pick<Shell, 'openPath' | 'openExternal'>,
  window: () => BrowserWindow | null,
): Dialogs {
  return {
    async chooseFolder() {
      const options = {
        title: 'Open a site',
        message: 'Choose the folder that holds site.yaml',
        buttonLabel: 'Open site',
        properties: ['openDirectory' as const],
      }
      const parent = window()
      const { canceled, filePaths } = await (parent
        ? dialog.showOpenDialog(parent, options)
        : dialog.showOpenDialog(options))
      return canceled ? null : (filePaths[0] ?? null)
    },

    async openFolder(path) {
      const failure = await shell.openPath(path)
      if (failure === '') return
      throw new ConsoleError(
        'folder-not-opened',
        `The folder ${path} could not be opened in the file manager: ${failure}.`,
        'Open it from the file manager yourself; the path can be copied.',
        { params: { path } },
      )
    },

    async openPage(url) {
      const protocol = URL.parse(url)?.protocol
      if (protocol !== 'http:' && protocol !== 'https:') {
        throw new ConsoleError(
          'page-not-opened',
          `${url} is not the address of a page: only http and https are opened.`,
          'Correct the address in site.yaml.',
          { params: { url } },
        )
      }
      await shell.openExternal(url)
    },
  }
}
