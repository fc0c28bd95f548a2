import './app/jitless.ts'
import './app/styles.ts'
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import { NoToken } from './app/no-token.tsx'
import { browserClock } from './state/clock.ts'
import { ConsoleLink } from './state/console-link.ts'
import { ShownState } from './state/shown-state.ts'
import { Ticker } from './state/ticker.ts'
import { chooseWay } from './transport/connect.ts'

const place = document.getElementById('root')
if (!place) throw new Error('The page has no place to draw in.')
const root = createRoot(place)

const way = chooseWay(window)
if (way.type === 'no token') {
  root.render(<NoToken />)
} else {
  const clock = browserClock()
  const link = new ConsoleLink(way.connect, clock)
  const shown = new ShownState()
  shown.follow(link)
  link.start()
  root.render(<App parts={{ link, shown, clock, ticker: new Ticker(clock) }} />)
}
