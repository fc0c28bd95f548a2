import type { Connection } from '#shared/client/index.ts'

/** A snapshot with a few folders, the same in every folder below. */
export const sampleSnapshotFiles: Connection['calls']['backups']['files'] = {
  list: async ({ folder = '', from = 0 }) => {
    const place = placeIn(folder)
    const file = { at: Date.now() - 3_600_000, mode: 0o644, owner: 'lab:lab', torn: false, target: null }
    const entries = [
      ...['data', 'logs', 'releases'].map((name) => ({
        ...file,
        path: place(name),
        name,
        kind: 'folder' as const,
        bytes: null,
      })),
      { ...file, path: place('app.db'), name: 'app.db', kind: 'database' as const, bytes: 4_200_000 },
      { ...file, path: place('site.yaml'), name: 'site.yaml', kind: 'file' as const, bytes: 8_211 },
    ]
    return { entries: entries.slice(from), total: entries.length }
  },
  changes: async ({ folder = '' }) => {
    const place = placeIn(folder)
    const none = { added: 0, changed: 0, deleted: 0 }
    return {
      added: 1,
      changed: 2,
      deleted: 0,
      hidden: 0,
      entries: [
        { ...none, path: place('data'), name: 'data', kind: 'folder', what: 'inside', added: 1, changed: 1 },
        { ...none, path: place('site.yaml'), name: 'site.yaml', kind: 'file', what: 'changed', changed: 1 },
        { ...none, path: place('new.txt'), name: 'new.txt', kind: 'file', what: 'added', added: 1 },
      ],
    }
  },
  read: async () => ({ base64: btoa('wheelhouse: 1\n'), bytes: 14 }),
}

function placeIn(folder: string): (name: string) => string {
  return (name) => (folder === '' ? name : `${folder}/${name}`)
}
