import type { DeviceDefinition } from '#core/config/index.ts'
import { Expressions } from '../expressions.ts'
import { compileFamily, type DeviceProblem } from './device-source.ts'

/** Every mistake in the expressions of described devices. */
export function checkDevices(definitions: readonly DeviceDefinition[]): readonly DeviceProblem[] {
  const expressions = new Expressions()
  return definitions.flatMap((definition) => compileFamily(definition, expressions).problems)
}
