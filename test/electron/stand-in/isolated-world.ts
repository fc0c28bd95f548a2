/** Name of the world in which preloads run, as Electron names it. */
export const isolatedWorldName = 'Electron Isolated Context'

/** The function through which the isolated world reaches the stand-in. Chromium makes it in that world only. */
export const bindingName = '__standInToMain'

/** The function that the stand-in calls in the isolated world to deliver a message. */
export const deliverName = '__standInDeliver'

/**
 * The two scripts that Chromium runs in every new document before the page's own, in this order.
 *
 * The worlds share no JavaScript object, only the DOM. A `MessagePort` that one script hands over to the other in a single
 * event, before the page runs, is therefore the private line between them: both hold the same port, nobody else does, and
 * events dispatched on it arrive at once, so that a call through the bridge happens when it is made, as in Electron.
 */
export function worldScripts(preload: string, handover: string): { readonly main: string; readonly isolated: string } {
  const name = JSON.stringify(handover)
  return {
    main: `(${mainWorld})(${name})`,
    isolated: `(${isolatedWorld})(${name}, ${JSON.stringify(bindingName)}, ${JSON.stringify(deliverName)}, function (require, module, exports) {\n${preload}\n})`,
  }
}

// The functions below run in Chromium. They are kept as source text and may use nothing from around them.

const mainWorld = `function (handover) {
  if (window !== window.top) return
  window.addEventListener(handover, ({ ports: [line] }) => {
    const callbacks = []
    const tell = (message) => line.dispatchEvent(new CustomEvent('to-isolated', { detail: JSON.stringify(message) }))
    let reply
    const carry = (value) => {
      if (typeof value === 'function') return { callback: callbacks.push(value) - 1 }
      return { value: structuredClone(value) }
    }
    const build = (shape) => {
      if ('call' in shape) {
        return (...args) => {
          reply = undefined
          tell({ call: shape.call, args: args.map(carry) })
          if (reply && 'error' in reply) throw new Error(reply.error)
          return reply?.value
        }
      }
      if ('object' in shape) {
        return Object.freeze(Object.fromEntries(Object.entries(shape.object).map(([key, inner]) => [key, build(inner)])))
      }
      return shape.value
    }
    line.addEventListener('to-main', ({ detail }) => {
      const message = JSON.parse(detail)
      if ('reply' in message) reply = message.reply
      else if ('callback' in message) callbacks[message.callback](...message.args)
      else {
        if (Object.hasOwn(window, message.key)) throw new Error('Cannot bind an API on top of an existing property on the window object')
        Object.defineProperty(window, message.key, { value: build(message.shape), enumerable: true, writable: false, configurable: false })
      }
    })
  }, { once: true })
}`

const isolatedWorld = `function (handover, bindingName, deliverName, preload) {
  if (window !== window.top) return
  const { port1: line } = new MessageChannel()
  window.dispatchEvent(new MessageEvent(handover, { ports: [line] }))
  const toMainProcess = globalThis[bindingName]
  const tell = (message) => line.dispatchEvent(new CustomEvent('to-main', { detail: JSON.stringify(message) }))

  const functions = []
  const describe = (value) => {
    if (typeof value === 'function') return { call: functions.push(value) - 1 }
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { object: Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, describe(inner)])) }
    }
    return { value: structuredClone(value) }
  }
  const take = (argument) =>
    'callback' in argument ? (...args) => tell({ callback: argument.callback, args: structuredClone(args) }) : argument.value
  line.addEventListener('to-isolated', ({ detail }) => {
    const { call, args } = JSON.parse(detail)
    try {
      tell({ reply: { value: functions[call](...args.map(take)) } })
    } catch (error) {
      tell({ reply: { error: String(error?.message ?? error) } })
    }
  })

  const plain = (value) =>
    value === null || ['string', 'number', 'boolean'].includes(typeof value) ||
    (Array.isArray(value) ? value.every(plain) : Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(plain))
  const listeners = new Map()
  const ipcRenderer = {
    send(channel, ...args) {
      // As in Electron: what cannot be cloned is refused here, in the page's process.
      const cloned = structuredClone(args)
      if (!cloned.every(plain)) throw new Error('The stand-in carries JSON only; this message holds something else.')
      toMainProcess(JSON.stringify({ channel, args: cloned }))
    },
    on(channel, listener) {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener])
      return ipcRenderer
    },
    off(channel, listener) {
      listeners.set(channel, (listeners.get(channel) ?? []).filter((other) => other !== listener))
      return ipcRenderer
    },
  }
  globalThis[deliverName] = (channel, args) => {
    const event = { sender: ipcRenderer, ports: [] }
    for (const listener of listeners.get(channel) ?? []) listener(event, ...args)
  }
  const contextBridge = {
    exposeInMainWorld: (key, api) => tell({ key, shape: describe(api) }),
  }
  const require = (name) => {
    if (name === 'electron' || name === 'electron/renderer') return { contextBridge, ipcRenderer }
    throw new Error('module not found: ' + name)
  }
  const module = { exports: {} }
  preload(require, module, module.exports)
}`
