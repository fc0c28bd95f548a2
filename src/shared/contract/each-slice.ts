import type { SliceName, Slices } from './state.ts'

/** The entities of every slice of the shown state, by their ids. */
export type ShownSlices = { readonly [S in SliceName]: Readonly<Record<string, Slices[S]>> }

/**
 * The entities that `make` gives for each slice. The slices are written out here and nowhere else: whatever holds all of them
 * is made with it, so that a new slice is added to `sliceSchemas` and to this list.
 */
export function eachSlice(make: <S extends SliceName>(name: S) => Readonly<Record<string, Slices[S]>>): ShownSlices {
  return {
    console: make('console'),
    site: make('site'),
    services: make('services'),
    pushed: make('pushed'),
    jobs: make('jobs'),
    attention: make('attention'),
    machine: make('machine'),
    traffic: make('traffic'),
    routes: make('routes'),
    stages: make('stages'),
    recordings: make('recordings'),
    store: make('store'),
    databases: make('databases'),
    dependencies: make('dependencies'),
    backups: make('backups'),
    snapshots: make('snapshots'),
    keeping: make('keeping'),
    maintenance: make('maintenance'),
    startPath: make('startPath'),
    startup: make('startup'),
    verification: make('verification'),
    deploys: make('deploys'),
    drills: make('drills'),
    recovery: make('recovery'),
    rehearsals: make('rehearsals'),
    targets: make('targets'),
    releases: make('releases'),
  }
}
