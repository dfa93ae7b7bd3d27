import { IDS } from '../../alt-export/definition.js'

const TYPE = /^[A-Z][A-Za-z]*$/
const ID = /^[A-Za-z0-9.-]{1,64}$/
// They test or bring resources of types that only the server knows.
const OPEN_PARAMETERS: ReadonlySet<string> = new Set(['_has', '_filter', '_query', '_list', '_contained'])

/** The types of the resources that a search or read can bring or test; undefined where its text does not tell them. */
export function typesRead(search: string): readonly string[] | undefined {
  const [path = '', ...rest] = search.split('?')
  const ofPath = typesOfPath(path)
  // Some servers also separate parameters by semicolons.
  const query = rest.join('?')
  if (ofPath === undefined || /;|%3b/i.test(query)) return undefined
  const types = new Set(ofPath)
  for (const [name, value] of new URLSearchParams(query)) {
    const brought = typesOfParameter(name, value)
    if (brought === undefined) return undefined
    for (const type of brought) types.add(type)
  }
  return [...types]
}

/** `Type`, `Type/id`, their history, and a compartment, `Patient/id/Observation`; no operation. */
function typesOfPath(path: string): readonly string[] | undefined {
  const [type = '', second, third, ...more] = path.replace(/^\/+|\/+$/g, '').split('/')
  if (!TYPE.test(type)) return undefined
  if (second === undefined || second === '_search' || second === '_history')
    return third === undefined ? [type] : undefined
  if (second !== IDS && !ID.test(second)) return undefined
  if (third === undefined || third === '_history') return more.length <= 1 ? [type] : undefined
  return TYPE.test(third) && more.length === 0 ? [type, third] : undefined
}

function typesOfParameter(name: string, value: string): readonly string[] | undefined {
  const [base = ''] = name.split(':')
  if (OPEN_PARAMETERS.has(base) || name.includes('.')) return undefined
  if (base !== '_include' && base !== '_revinclude') return []
  const [source = '', , target] = value.split(':')
  const brought = base === '_include' ? target : source
  return brought !== undefined && TYPE.test(brought) ? [brought] : undefined
}
