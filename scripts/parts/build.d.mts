/** Builds when `out/` is missing or was made from other sources. Resolves with the exit code of the build, 0 for none needed. */
export function ensureBuilt(options?: { readonly quiet?: boolean }): Promise<number>
