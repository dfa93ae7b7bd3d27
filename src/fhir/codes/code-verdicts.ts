import type { FhirVersion } from '../version.js'
import { isCodeForm } from './code-form.js'
import type { CodeSystem } from './code-system.js'
import { acceptsRequired } from './required-codes.js'
import { isInSet } from './set-names.js'
import { isUrl, systemsNamed } from './sets.js'

/** `codeSystems` of a configuration. */
export interface CodeSystemsSetting {
  /** Names of sets, or urls. */
  readonly allow: readonly string[]
  /** Whether a code must fit the grammar of its system. */
  readonly grammar: boolean
}

/** What may stay of the codes that no rule changes. */
export interface CodeVerdicts {
  /** Whether a pair may stay. `undefined`: absent, or not a string. */
  pair(system: string | undefined, code: string | undefined): boolean
  /** Whether the `code` at an element may stay; `element` is type and name: `Patient.gender`, `Patient.contact.gender`. */
  code(element: string, value: string): boolean
  /** Returns the name under which a removed pair is counted: a public url, `other` or `none`. */
  countedAs(system: string | undefined): string
}

/** Compiles a setting for one FHIR version. */
export function codeVerdicts({ allow, grammar }: CodeSystemsSetting, version: FhirVersion): CodeVerdicts {
  const allowed = allowedUrls(allow)
  return {
    pair(system, code) {
      if (system === undefined) return code === undefined
      const accepts = allowed.get(system)
      return accepts !== undefined && (code === undefined || !grammar || accepts(code))
    },
    code(element, value) {
      const accepts = acceptsRequired(element, version)
      return accepts === undefined ? !grammar || isCodeForm(value) : accepts(value)
    },
    countedAs(system) {
      if (system === undefined) return 'none'
      return allowed.has(system) || isInSet(system) ? system : 'other'
    },
  }
}

type Accepts = CodeSystem['accepts']

/** Two sets can list one url, each with codes of its own: a code that fits either stays. */
function urlsOf(systems: readonly CodeSystem[]): Map<string, Accepts> {
  const found = new Map<string, Accepts>()
  for (const { urls, accepts } of systems)
    for (const url of urls) {
      const before = found.get(url)
      found.set(url, before === undefined ? accepts : (code) => before(code) || accepts(code))
    }
  return found
}

function allowedUrls(allow: readonly string[]): ReadonlyMap<string, Accepts> {
  const allowed = urlsOf([...new Set(allow)].flatMap((entry) => systemsNamed(entry)))
  for (const entry of allow) if (isUrl(entry) && !allowed.has(entry)) allowed.set(entry, isCodeForm)
  return allowed
}
