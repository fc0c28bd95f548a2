/** The one IPC channel of the console: the preload holds one end, `src/main/electron/pipe.ts` the other. */
export const pipeChannel = 'wheelhouse'
