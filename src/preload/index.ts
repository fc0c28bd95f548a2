import { contextBridge, ipcRenderer } from 'electron'
import { pipeChannel } from './channel.ts'

/**
 * A duplex pipe of string envelopes, and nothing else: no logic, no second channel. Main checks the sending frame of every
 * envelope. The page gets the two functions, never `ipcRenderer` or its events.
 */
contextBridge.exposeInMainWorld('wheelhouse', {
  send: (envelope: string): void => ipcRenderer.send(pipeChannel, envelope),
  onEnvelope: (listener: (envelope: string) => void): void => {
    ipcRenderer.on(pipeChannel, (_event, envelope: string) => listener(envelope))
  },
})
