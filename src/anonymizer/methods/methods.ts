import { sluiceError } from '../../errors.js'
import type { AnonymizerSpec, Parameters, Rule } from '../spec.js'
import { compileCryptoHash, createHashText, type HashText } from './crypto-hash.js'
import { type CustomMethod, compileCustom } from './custom.js'
import { compileDateShift } from './date-shift.js'
import { compileEncrypt } from './encrypt.js'
import { compileGeneralize } from './generalize.js'
import { type LeafMethod, REMOVED, UNCHANGED } from './leaf.js'
import { compilePerturb } from './perturb.js'
import { compileRedact } from './redact.js'
import { compileSubstitute } from './substitute.js'

/** What the methods need besides the rule. */
export interface MethodContext {
  readonly spec: AnonymizerSpec
  /** Resource names of the FHIR version: what a reference may name. */
  readonly resourceTypes: ReadonlySet<string>
  /** Loaded modules by lower-case method name. */
  readonly customMethods: ReadonlyMap<string, CustomMethod>
  /** Replaces `createHashText`, for instance by a cache in front of it. */
  readonly hashText?: HashText
}

/** The rule's method for primitive values. Throws SluiceError KEY_MISSING or CONFIG_INVALID where it cannot work. */
export function compileMethod(rule: Rule, context: MethodContext): LeafMethod {
  const { spec, resourceTypes } = context
  switch (rule.method) {
    case 'keep':
      return () => UNCHANGED
    case 'redact':
      return compileRedact(spec)
    case 'remove':
      return () => REMOVED
    case 'dateShift':
      return compileDateShift(spec)
    case 'cryptoHash':
      return compileCryptoHash(
        context.hashText ?? createHashText(key(spec, 'cryptoHashKey')),
        resourceTypes,
        spec.parameters,
      )
    case 'encrypt':
      return compileEncrypt(key(spec, 'encryptKey'), key(spec, 'perturbKey'))
    case 'substitute':
      return compileSubstitute(rule.replaceWith)
    case 'perturb':
      return compilePerturb(rule, key(spec, 'perturbKey'))
    case 'generalize':
      return compileGeneralize(rule, spec)
    case 'custom': {
      const method = context.customMethods.get(rule.name.toLowerCase())
      if (method === undefined)
        throw sluiceError('CONFIG_INVALID', `rule ${rule.number}: no method ${rule.name} is loaded`, {
          blame: 'config',
          retry: 'never',
          at: `fhirPathRules[${rule.number - 1}].method`,
        })
      const settings = { customSettings: spec.parameters.customSettings, rule: rule.settings }
      return compileCustom(rule.name, method, settings)
    }
  }
}

type KeyName = Extract<keyof Parameters, 'cryptoHashKey' | 'encryptKey' | 'perturbKey'>

function key(spec: AnonymizerSpec, name: KeyName): string {
  const value = spec.parameters[name]
  if (value !== undefined) return value
  throw sluiceError('KEY_MISSING', `a rule needs ${name}`, {
    blame: 'config',
    retry: 'never',
    at: `parameters.${name}`,
  })
}
