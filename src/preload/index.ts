import { contextBridge, ipcRenderer } from 'electron'

/** The one IPC channel of the console; `src/main/electron/pipe.ts` holds its other end. */
const channel = 'wheelhouse'

/**
 * A duplex pipe of string envelopes, and nothing else: no logic, no second channel. Main checks the sending frame of every
 * envelope. The page gets the two functions, never `ipcRenderer` or its events.
 */
contextBridge.exposeInMainWorld('wheelhouse', {
  send: (envelope: string): void => ipcRenderer.send(channel, envelope),
  onEnvelope: (listener: (envelope: string) => void): void => {
    ipcRenderer.on(channel, (_event, envelope: string) => listener(envelope))
  },
})
