/** Why a broker refuses a message, by the reason codes of PUBACK and PUBREC (MQTT 5, sections 3.4.2.1 and 3.5.2.1). */
const refusals: Readonly<Record<number, string>> = {
  128: 'it does not say why',
  131: 'for reasons of its own',
  135: 'the router may not publish there',
  144: 'it does not take this topic',
  145: 'a number of a message is in use',
  151: 'its quota is used up',
  153: 'the payload is not what its format says',
}

/** Refusals that have to do with the moment, not with the message: it is tried again for as long as it is wanted. */
const passing: ReadonlySet<number> = new Set([0x91, 0x97])

/** A refusal in words, with what the broker itself says about it; and whether it will hardly take the message the next time. */
export function refusalOf(
  code: number,
  said: string | undefined,
): { readonly reason: string; readonly permanent: boolean } {
  const why = refusals[code] ?? `reason code ${code}`
  const own = said === undefined || said === '' ? '' : ` ("${said.slice(0, 200)}")`
  return { reason: `the broker refused it: ${why}${own}`, permanent: !passing.has(code) }
}
