import type { JobContext } from '#core/jobs/index.ts'
import type { Cause } from '#shared/vocabulary.ts'

/** Where the code of a release comes from. Paths are absolute. */
export type ReleaseSource =
  | { readonly kind: 'folder'; readonly folder: string }
  /** A `.tar.gz` or `.zip`; which of them its first bytes tell, not its name. */
  | { readonly kind: 'archive'; readonly file: string }
  /** `repository`: https, ssh or a local path. `ref`: a branch, a tag or a commit. */
  | { readonly kind: 'git'; readonly repository: string; readonly ref: string }

/** Of a release that the console did not bring itself. */
export type FoundSource =
  /** A folder below `releases/` that was there already, or came back with a restore. */
  | { readonly kind: 'found' }
  /** `current` leads out of `releases/`, to this folder. It can be switched to, and is never removed. */
  | { readonly kind: 'elsewhere'; readonly folder: string }
  /** The site folder itself, which is the release of a site without `current`. */
  | { readonly kind: 'site-folder' }

/** The id under which the site folder itself is a release: what a site has before its first deploy, and what a rollback of that goes back to. */
export const siteFolderRelease = 'site-folder'

/** `ready`: there, and can be switched to. `previous`: what a rollback goes back to. `gone`: its folder is not there any more. */
export type ReleaseState = 'active' | 'previous' | 'ready' | 'gone'

export interface Verdict {
  readonly verdict: 'good' | 'bad'
  /** A sentence. */
  readonly why: string
  /** Wall-clock milliseconds. */
  readonly at: number
}

/** One release of the site: its code, and what is known of it. */
export interface Release {
  /** `r7` for those that the console brought, counted up and never given twice; else the name of the folder; `site-folder`. */
  readonly id: string
  /** Absolute path of its code. Services run with it as `${release}`. */
  readonly folder: string
  /** When it was brought or found. Wall-clock milliseconds. */
  readonly at: number
  readonly source: ReleaseSource | FoundSource
  /** What its author calls it, from the manifest. */
  readonly version: string | null
  /**
   * Names the content as it was delivered, before anything was installed into it: sha256 over paths, kinds, modes and hashes of its files.
   * The same content has the same digest wherever it comes from. Null of one that was found and never read.
   */
  readonly digest: string | null
  /** `manifest`: the source brought hashes and they were true. `computed`: the console hashed what it got. */
  readonly proof: 'manifest' | 'computed' | null
  /** As it lies there, with what was installed; null until it was read. */
  readonly files: number | null
  readonly bytes: number | null
  /** Of a git source: the commit, 40 hex digits. */
  readonly commit: string | null
  /** What its author calls the layout of the data that it works with, from the manifest; compared for equality and nothing else. */
  readonly schema: string | null
  readonly state: ReleaseState
  /** Null: nobody has said. A bad one is never chosen for a rollback, and its digest is refused for ever. */
  readonly verdict: Verdict | null
  readonly pinned: boolean
  readonly note: string
  /** The snapshot that was taken before this release was switched to. */
  readonly restorePoint: string | null
  /** When it was last switched to. */
  readonly activeSince: number | null
  /** What {@link Releases.verify} found last. */
  readonly verified: { readonly at: number; readonly ok: boolean; readonly sentence: string } | null
}

/** Code that was brought into `.wheelhouse/staging` and checked. Nothing of the site has changed. Disposing it removes what was not adopted. */
export interface PreparedRelease extends AsyncDisposable {
  /** The id that it will have. */
  readonly id: string
  /** Absolute path of the prepared code: dependencies are installed here, its `site.yaml` is checked here. On the disk of `releases/`. */
  readonly folder: string
  readonly source: ReleaseSource
  readonly version: string | null
  readonly digest: string
  readonly proof: 'manifest' | 'computed'
  readonly files: number
  readonly bytes: number
  readonly commit: string | null
  readonly schema: string | null
  /** What was left out or changed on the way, a sentence each: set-uid bits, a `.git` folder, names that Windows cannot have. */
  readonly notes: readonly string[]
  /** A release with the same content that is known already, a bad one before any other. */
  readonly known: Release | null
}

/** Files of two releases compared. Paths are relative, with `/`, sorted. */
export interface ReleaseDifference {
  readonly added: readonly { readonly path: string; readonly bytes: number }[]
  readonly removed: readonly { readonly path: string; readonly bytes: number }[]
  readonly changed: readonly { readonly path: string; readonly bytes: number; readonly before: number }[]
  readonly unchanged: number
}

/** What a look at the files of a release came to, against what was written down when it was adopted. */
export interface ReleaseCheck {
  /** Nothing missing, nothing changed. Files that came besides are told and no fault: programs write caches. */
  readonly ok: boolean
  /** "All 212 files of r6 are as they were." */
  readonly sentence: string
  /** At most 1,000 paths each. */
  readonly missing: readonly string[]
  readonly changed: readonly string[]
  readonly extra: readonly string[]
}

/** How long work is watched and stopped. Aborting kills the helper and leaves nothing behind. */
export interface ReleaseWork {
  readonly signal: AbortSignal
  readonly onProgress?: JobContext['progress']
  /** Lines for the job's log: what git says. */
  readonly onLog?: (line: string) => void
}

/**
 * The releases of a site: `releases/<id>/` and the link `current`. Knows nothing of services or health, runs nothing of what it brings.
 * `current` on disk is the truth about what is active; all else is recorded in the control database, and beside it in
 * `.wheelhouse/releases/<id>.json`.
 */
export interface Releases extends AsyncDisposable {
  /** Newest first: those that are there, and of those that are gone the 50 newest. */
  list(): readonly Release[]
  /** Throws `release-unknown`, naming those that there are. */
  get(id: string): Release
  /** Absolute path of its code. Throws `release-unknown`. */
  folderOf(id: string): string
  /** What `current` leads to, else the site folder. Its state is `gone` when that is not there. */
  active(): Release
  /** What a rollback goes back to: the last one that was active before, is there, and is not bad. Null when there is none. */
  previous(): Release | null
  /**
   * Brings a source and checks it. Makes sure besides that it is written down what the active release consists of, so that a rollback can
   * check it. Rejects with `release-source-missing`, `release-refused` (hostile or too large), `release-unproven` (an archive without
   * a manifest, unless `unproven`), `release-manifest` (not true, or another site's), `release-git`, `archive-damaged`, `disk-full`, or the
   * signal's reason; nothing is left behind then.
   */
  prepare(
    source: ReleaseSource,
    options: ReleaseWork & { readonly cause: Cause; readonly unproven?: boolean },
  ): Promise<PreparedRelease>
  /**
   * Reads the prepared folder as it is now, writes down what it consists of, and moves it to `releases/<id>`, durably. Not active yet.
   * Killed at any moment, either the release is there and known, or nothing of it is left after the next opening.
   */
  adopt(
    prepared: PreparedRelease,
    options: ReleaseWork & { readonly cause: Cause; readonly operation?: string | null; readonly note?: string },
  ): Promise<Release>
  /** Writes down anew what a release consists of, because something was installed into it. Its digest stays what was delivered. */
  reseal(id: string, options: ReleaseWork): Promise<Release>
  /** Reads every file again. The first look at one that was found writes down what it consists of, and says so. */
  verify(id: string, options: ReleaseWork & { readonly cause: Cause }): Promise<ReleaseCheck>
  /**
   * Makes `current` lead there, durably and in one step: after a power cut it leads to the old one or to the new one. For the site folder
   * `current` is taken away. Rejects with `release-gone`, `release-switch-failed` (nothing changed). Switching to the active one does nothing.
   */
  switchTo(id: string, options: { readonly cause: Cause; readonly operation?: string | null }): Promise<void>
  /** Durable when it resolves. */
  mark(
    id: string,
    verdict: 'good' | 'bad',
    why: string,
    options: { readonly cause: Cause; readonly operation?: string | null },
  ): Promise<void>
  /** Takes a verdict back, because a person knows better. */
  unmark(id: string, cause: Cause): Promise<void>
  /** The snapshot that was taken before it was switched to. Durable when it resolves. */
  bind(id: string, restorePoint: string | null): Promise<void>
  note(id: string, note: string): Promise<void>
  pin(id: string, on: boolean, cause: Cause): Promise<void>
  /**
   * Removes the folder of a release that is ready. Rejects with `release-in-use` for the active and the previous one, a pinned one, one
   * that is not in `releases/`, and what the site says is in use (a running deploy, one in probation) names.
   */
  remove(id: string, cause: Cause): Promise<void>
  /**
   * Removes what is over `keep` (of those that the console may remove, bad ones first, then the oldest). Never the active, the previous, a
   * pinned one, or one of `protect`. Resolves with the ids.
   */
  cleanUp(options: {
    readonly keep: number
    readonly protect?: readonly string[]
    readonly cause: Cause
  }): Promise<readonly string[]>
  /** From what is written down of both; of one of which nothing is, by reading it. Either may be a prepared one. */
  difference(
    from: string | PreparedRelease,
    to: string | PreparedRelease,
    work?: Partial<ReleaseWork>,
  ): Promise<ReleaseDifference>
  /** Looks at `releases/` and `current` again: after a restore, or when somebody changed them by hand. */
  refresh(): Promise<void>
}
