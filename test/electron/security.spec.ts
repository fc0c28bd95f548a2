import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { type Desktop, electronUnderTest, launchDesktop, needsChromium, waitFor } from './desktop.ts'
import { entry, fixture, greeted } from './fixture/drive.ts'

needsChromium()

const onStandIn = electronUnderTest === 'the stand-in'

describe(`the walls around the page, on ${electronUnderTest}`, () => {
  test('every window is sandboxed, isolated and without Node', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    const settings = await desktop.evaluate((electron) => {
      // A real window tells its settings by this undocumented call; the stand-in keeps what it was made with.
      const told = (contents: object & { preferences?: object; getLastWebPreferences?(): object }) =>
        contents.preferences ?? contents.getLastWebPreferences?.()
      return electron.webContents.getAllWebContents().map(told)
    }, null)
    expect(settings).toHaveLength(1)
    for (const setting of settings) {
      expect(setting).toMatchObject({
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webviewTag: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
        navigateOnDragDrop: false,
        spellcheck: false,
      })
    }
  })

  test('the page sees two functions of the preload and nothing else of it', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    const page = await desktop.page()
    const seen = await page.evaluate(() => ({
      pipe: Object.keys(window.wheelhouse ?? {}).sort(),
      frozen: Object.isFrozen(window.wheelhouse),
      others: ['require', 'process', 'module', 'Buffer', 'global', 'ipcRenderer', 'contextBridge', '__dirname'].filter(
        (name) => name in window,
      ),
    }))
    expect(seen).toEqual({ pipe: ['onEnvelope', 'send'], frozen: true, others: [] })
  })

  test('the page comes with a strict policy and a nonce of its own each time', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    const page = await desktop.page()
    const read = () =>
      page.evaluate(async () => ({
        nonce: document.querySelector('style')?.nonce,
        styled: getComputedStyle(document.querySelector('h1') ?? document.body).color,
        origin: location.origin,
        secure: isSecureContext,
      }))
    const first = await read()
    expect(first.styled).toBe('rgb(1, 2, 3)')
    expect(first.secure).toBe(true)
    await page.reload()
    const second = await read()
    expect(second.nonce).toMatch(/^[A-Za-z0-9+/]{24}$/)
    expect(second.nonce).not.toBe(first.nonce)
  })

  test.for([
    ['a script in the document', 'script-src-elem', "add('script', 'window.broken = 1')"],
    ['a script of another origin', 'script-src-elem', "add('script', '').src = 'http://127.0.0.1:9/x.js'"],
    ['a style in the document', 'style-src-elem', "add('style', 'p { color: red }')"],
    ['a string of code', 'script-src', "setTimeout('window.broken = 1', 0)"],
    ['a service on this machine', 'connect-src', "fetch('http://127.0.0.1:9/').catch(() => {})"],
    ['a web socket', 'connect-src', "try { new WebSocket('ws://127.0.0.1:9/') } catch {}"],
    ['a worker', 'worker-src', "try { new Worker(URL.createObjectURL(new Blob(['1']))) } catch {}"],
    ['a picture of another origin', 'img-src', "add('img', '').src = 'http://127.0.0.1:9/x.png'"],
    ['another page in a frame', 'frame-src', "add('iframe', '').src = 'http://127.0.0.1:9/'"],
    ['a form', 'form-action', "const form = add('form', ''); form.action = 'http://127.0.0.1:9/'; form.submit()"],
  ] as const)('its policy keeps the page from %s', async ([, directive, code]) => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    const page = await desktop.page()
    const violated = await page.evaluate(`new Promise((resolve) => {
      const add = (name, text) => {
        const element = document.createElement(name)
        element.textContent = text
        document.body.append(element)
        return element
      }
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true })
      ${code}
      setTimeout(() => resolve('nothing'), 30_000)
    })`)
    expect(violated).toBe(directive)
    expect(await page.evaluate(() => Reflect.get(window, 'broken'))).toBeUndefined()
  })

  test('only files of the built page are served, with their types and without sniffing', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    const page = await desktop.page()
    const loaded = await page.evaluate(() =>
      performance.getEntriesByType('resource').map((entry) => new URL(entry.name).pathname),
    )
    expect(loaded).toContain('/page.js')
    const tried = async (path: string) =>
      page.evaluate(async (path) => {
        const script = document.createElement('script')
        script.src = path
        return await new Promise<string>((resolve) => {
          script.onload = () => resolve('served')
          script.onerror = () => resolve('refused')
          document.head.append(script)
        })
      }, path)
    expect(await tried('/page.js')).toBe('served')
    for (const path of [
      '/../drive.ts',
      '/%2e%2e/drive.ts',
      '/..%2fdrive.ts',
      '/%5c..%5cdrive.ts',
      '/missing.js',
      '//etc/passwd',
      '/page.js%00',
    ]) {
      expect([path, await tried(path)]).toEqual([path, 'refused'])
    }
  })

  test('the page cannot navigate away, whichever way it tries', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    const page = await desktop.page()
    const own = page.url()
    await page.evaluate(() => {
      location.href = 'http://127.0.0.1:9/elsewhere'
    })
    await refused(desktop, 'http://127.0.0.1:9/elsewhere')
    await page.evaluate(() => {
      const link = document.createElement('a')
      link.href = 'http://127.0.0.1:9/by-link'
      document.body.append(link)
      link.click()
    })
    await refused(desktop, 'http://127.0.0.1:9/by-link')
    expect(page.url()).toBe(own)
    expect(await fixture(desktop, 'connected')).toBe(1)
    expect(await desktop.evaluate((electron) => electron.webContents.getAllWebContents()[0]?.getURL(), null)).toBe(
      'app://wheelhouse/index.html',
    )
  })

  test('the page cannot open a window', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    const page = await desktop.page()
    await page.evaluate(() => {
      window.open('http://127.0.0.1:9/popup')
    })
    await refused(desktop, 'A new window was refused')
    expect(await desktop.windowCount()).toBe(1)
    await waitFor('the pages to be one again', desktop, () => desktop.app.pages().length === 1)
  })

  test('every permission is denied but writing to the clipboard', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    const page = await desktop.page()
    const states = await page.evaluate(async () => {
      const names = [
        'geolocation',
        'notifications',
        'camera',
        'microphone',
        'midi',
        'clipboard-read',
        'clipboard-write',
      ]
      const asked = names.map(async (name) => [
        name,
        (await navigator.permissions.query({ name: name as PermissionName })).state,
      ])
      return Object.fromEntries(await Promise.all(asked))
    })
    expect(states).toEqual({
      geolocation: 'denied',
      notifications: 'denied',
      camera: 'denied',
      microphone: 'denied',
      midi: 'denied',
      'clipboard-read': 'denied',
      'clipboard-write': 'granted',
    })
    expect(await page.evaluate(() => Notification.requestPermission())).toBe('denied')
  })

  test('the log has no channel of its own for pages', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    const channels = await desktop.evaluate((electron) => electron.ipcMain.eventNames().map(String), null)
    expect(channels).toEqual(['wheelhouse'])
    expect(await desktop.evaluate((electron) => electron.ipcMain.listenerCount('wheelhouse'), null)).toBe(1)
  })
})

describe(`the pipe, on ${electronUnderTest}`, () => {
  test('what is no string, or more than one, is refused and does not end the connection', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    const page = await desktop.page()
    await page.evaluate(`for (const envelope of [{ not: 'a string' }, ['h'], 7, 'rafter']) wheelhouse.send(envelope)`)
    await waitFor('what came after', desktop, async () => (await fixture(desktop, 'received')).includes('rafter'))
    expect(await fixture(desktop, 'received')).toEqual(['h{"contract":1,"client":"window"}', 'rafter'])
    expect(desktop.output()).toContain('it is not one string')
    expect(await fixture(desktop, 'connected')).toBe(1)
  })

  test('an envelope of another origin, frame or window is refused', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    await desktop.evaluate((electron) => {
      const [contents] = electron.webContents.getAllWebContents()
      const send = (event: object) => electron.ipcMain.emit('wheelhouse', event, 'hforeign')
      const frame = { url: 'https://elsewhere.invalid/', origin: 'https://elsewhere.invalid' }
      send({ sender: { mainFrame: frame }, senderFrame: frame })
      send({ sender: contents, senderFrame: { ...frame, origin: 'app://wheelhouse' } })
      send({ sender: contents, senderFrame: frame })
      send({ sender: contents, senderFrame: null })
    }, null)
    await waitFor(
      'four refusals',
      desktop,
      () => desktop.output().split('An envelope on the pipe was refused').length === 5,
    )
    expect(await fixture(desktop, 'received')).not.toContain('hforeign')
    expect(await fixture(desktop, 'connected')).toBe(1)
  })

  test.skipIf(!onStandIn)('an envelope from a frame inside the page is refused', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    const page = await desktop.page()
    await page.evaluate(() => void document.body.append(document.createElement('iframe')))
    // What a page whose renderer was taken over could do: use the preload's world in a frame of its own making.
    const session = await page.context().newCDPSession(page)
    await session.send('Page.enable')
    const { frameTree } = await session.send('Page.getFrameTree')
    const frameId = frameTree.childFrames?.[0]?.frame.id ?? ''
    const { executionContextId } = await session.send('Page.createIsolatedWorld', {
      frameId,
      worldName: 'Electron Isolated Context',
    })
    await session.send('Runtime.evaluate', {
      contextId: executionContextId,
      expression: `__standInToMain(JSON.stringify({ channel: 'wheelhouse', args: ['hforeign'] }))`,
    })
    await refused(desktop, 'it comes from a frame inside the page')
    expect(await fixture(desktop, 'received')).not.toContain('hforeign')
  })

  test('a page that greets anew gets a new connection, and the old one ends', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    const page = await desktop.page()
    await page.evaluate(() => window.wheelhouse?.send('hagain'))
    await waitFor('the greeting', desktop, async () => (await fixture(desktop, 'received')).includes('hagain'))
    expect(await fixture(desktop, 'connected')).toBe(1)
    await page.reload()
    await greeted(desktop)
    expect(await fixture(desktop, 'connected')).toBe(1)
  })

  test('a connection that the console closes is told to the page, and what it sends then goes nowhere', async () => {
    using home = temporaryFolder()
    await using desktop = await start(home.path)
    const page = await desktop.page()
    await desktop.evaluate(() => Reflect.get(globalThis, 'fixture').transports[0].close('no more'), null)
    await page.waitForFunction(() => Reflect.get(window, 'envelopes').includes('cno more'))
    await page.evaluate(() => window.wheelhouse?.send('rlost'))
    await page.evaluate(() => window.wheelhouse?.send('hagain'))
    await waitFor('the greeting', desktop, async () => (await fixture(desktop, 'received')).includes('hagain'))
    expect(await fixture(desktop, 'received')).not.toContain('rlost')
  })
})

async function start(home: string): Promise<Desktop> {
  const desktop = await launchDesktop({ home, entry })
  await greeted(desktop)
  return desktop
}

function refused(desktop: Desktop, what: string): Promise<unknown> {
  return waitFor(`"${what}" to be refused`, desktop, () => desktop.output().includes(what))
}
