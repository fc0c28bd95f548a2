/** Whose devices nobody can tell of while a broker is away. */
export function awayWords(broker: string | null, families: readonly { readonly broker: string | null }[]): string {
  return families.every((family) => family.broker === broker)
    ? 'The router has no broker, so nobody can tell how the devices are'
    : `The router is not connected to the broker ${broker}, so nobody can tell how the devices there are`
}
