import type { FhirVersion } from '../version.js'
import { isCodeForm } from './code-form.js'
import type { CodeSystem } from './code-system.js'
import { requiredCodes } from './required-codes.js'
import { CODE_SETS } from './sets.js'

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
      const required = requiredCodes(element, version)
      return required === undefined ? !grammar || isCodeForm(value) : required.accepts(value)
    },
    countedAs(system) {
      if (system === undefined) return 'none'
      return allowed.has(system) || knownUrls().has(system) ? system : 'other'
    },
  }
}

type Accepts = CodeSystem['accepts']

function allowedUrls(allow: readonly string[]): ReadonlyMap<string, Accepts> {
  const allowed = new Map<string, Accepts>()
  for (const entry of allow) {
    const set = CODE_SETS.find(({ name }) => name === entry)
    for (const { urls, accepts } of set?.systems() ?? []) for (const url of urls) allowed.set(url, accepts)
    if (set === undefined) allowed.set(entry, knownUrls().get(entry) ?? isCodeForm)
  }
  return allowed
}

let known: ReadonlyMap<string, Accepts> | undefined

/** The urls of all sets: public knowledge. */
function knownUrls(): ReadonlyMap<string, Accepts> {
  known ??= new Map(
    CODE_SETS.flatMap(({ systems }) =>
      systems().flatMap(({ urls, accepts }) => urls.map((url) => [url, accepts] as const)),
    ),
  )
  return known
}
