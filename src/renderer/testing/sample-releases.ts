import type { ReleaseDifferenceView, ReleaseView } from '#shared/contract/index.ts'
import type { Shown } from '../state/shown-state.ts'
import { hour } from './sample-entities.ts'

const day = 24 * hour

/** Releases of the sample: an active one, the one before, a bad one, a pinned one. */
export function sampleReleases(now: number): Shown['releases'] {
  return {
    r7: release({ id: 'r7', at: now - 3 * hour, state: 'active', version: '1.4.2', held: 'the site runs from it' }),
    r6: release({
      id: 'r6',
      at: now - 4 * hour,
      state: 'ready',
      version: '1.4.1',
      verdict: { verdict: 'bad', why: 'api was unhealthy for 30 s in probation.', at: now - 4 * hour },
    }),
    r5: release({
      id: 'r5',
      at: now - 9 * day,
      state: 'previous',
      version: '1.4.0',
      source: { kind: 'git', repository: 'https://git.example.org/lab/consultease.git', ref: 'v1.4.0' },
      commit: '1a2b3c4d5e6f708192a3b4c5d6e7f80912345678',
      proof: 'computed',
      restorePoint: 'sn-0000000000000001',
      activeSince: now - 9 * day,
      held: 'a rollback goes back to it',
    }),
    one: release({
      id: 'one',
      at: now - 60 * day,
      state: 'ready',
      source: { kind: 'found' },
      pinned: true,
      note: 'As it was installed',
      proof: null,
      digest: null,
      held: 'it is pinned',
    }),
  }
}

function release(more: Partial<ReleaseView> & Pick<ReleaseView, 'id' | 'at' | 'state'>): ReleaseView {
  return {
    folder: `/home/lab/sites/consultease/releases/${more.id}`,
    source: { kind: 'archive', file: `/media/usb/consultease-${more.version ?? more.id}.tar.gz` },
    version: null,
    digest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    proof: 'manifest',
    files: 42,
    bytes: 310_000,
    commit: null,
    schema: null,
    verdict: null,
    pinned: false,
    note: '',
    restorePoint: null,
    activeSince: more.state === 'active' ? more.at : null,
    verified: null,
    held: null,
    ...more,
  }
}

export function sampleDifference(from: string, to: string): ReleaseDifferenceView {
  return {
    from,
    to,
    sentence: 'Files: 1 added, 2 changed; 39 the same.',
    added: [{ path: 'services/kiosk/help.html', bytes: 2_100 }],
    changed: [
      { path: 'services/api.mjs', bytes: 9_400, before: 9_100 },
      { path: 'site.yaml', bytes: 4_000, before: 3_900 },
    ],
    removed: [],
    unchanged: 39,
    hidden: 0,
    commandLine: `wheelhouse releases diff ${from} ${to}`,
  }
}
