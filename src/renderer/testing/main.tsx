import '../app/jitless.ts'
import '../app/styles.ts'
import { createRoot } from 'react-dom/client'
import { App } from '../app/app.tsx'
import { browserClock } from '../state/clock.ts'
import { ConsoleLink } from '../state/console-link.ts'
import { ShownState } from '../state/shown-state.ts'
import { Ticker } from '../state/ticker.ts'
import { manyEvents } from './many-events.ts'
import { sampleDeploy } from './sample-deploys.ts'
import { job, refusal, service, snapshot } from './sample-entities.ts'
import { sampleEvents } from './sample-events.ts'
import { sampleSlices } from './sample-slices.ts'
import { sampleDatabase, samplePostgres, sampleStore } from './sample-store.ts'
import { ScriptedConsole } from './scripted-console.ts'
import { listed } from './scripted-log.ts'

// The page of the component tests: the real app over a scripted console. Never part of the product's build.

const samples = {
  job,
  deploy: sampleDeploy,
  refusal,
  service,
  snapshot,
  slices: sampleSlices,
  store: sampleStore,
  database: sampleDatabase,
  postgres: samplePostgres,
}

declare global {
  interface Window {
    scripted: ScriptedConsole
    samples: typeof samples
  }
}

const now = Date.now()
// `?events=1000000`: a log of so many.
const many = Number(new URLSearchParams(location.search).get('events'))
const scripted = new ScriptedConsole(sampleSlices(now), many > 0 ? manyEvents(many, now) : listed(sampleEvents(now)))
window.scripted = scripted
window.samples = samples

const clock = browserClock()
const link = new ConsoleLink(() => scripted.connect(), clock)
const shown = new ShownState()
shown.follow(link)
link.start()
const place = document.getElementById('root')
if (place) createRoot(place).render(<App parts={{ link, shown, clock, ticker: new Ticker(clock) }} />)
