import { sluiceError } from '../../errors.js'
import { cryptoHash } from './crypto-hash.js'
import { type CustomMethodSettings, custom } from './custom.js'
import { dateShift } from './date-shift.js'
import { encrypt } from './encrypt.js'
import { generalize } from './generalize.js'
import { keep } from './keep.js'
import type { Method } from './method.js'
import { perturb } from './perturb.js'
import { redact } from './redact.js'
import { remove } from './remove.js'
import type { SettingsOf } from './settings.js'
import { substitute } from './substitute.js'

/** The methods of a configuration, in the order in which messages and documents list them. */
export const METHODS = [
  keep,
  redact,
  remove,
  dateShift,
  cryptoHash,
  encrypt,
  substitute,
  perturb,
  generalize,
] as const

type SettingsFor<M> = M extends { readonly name: infer Name; readonly settings: infer Shape }
  ? { readonly method: Name } & SettingsOf<Shape>
  : never

/** A rule's method with its settings. */
export type MethodSettings = SettingsFor<(typeof METHODS)[number]> | CustomMethodSettings

const byName: ReadonlyMap<string, Method> = new Map(
  [...METHODS, custom].map((method) => [method.name, method]),
)

/** Returns the method of a rule. */
export function methodOf({ method }: { readonly method: string }): Method {
  const found = byName.get(method)
  if (found !== undefined) return found
  throw sluiceError('CONFIG_INVALID', { message: `there is no method ${method}` })
}
