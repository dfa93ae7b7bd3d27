/** Where the ids go in a search. */
const IDS = '$IDS'

const RELATIVE = /^\/?[A-Z][A-Za-z]*(?:[/?]|$)/

/** What is wrong with a search or read, relative to the FHIR base; the ends of sentences. */
export function searchFaults(search: string, part: 'query' | 'include'): readonly string[] {
  const faults = [addressFault(search)].filter((fault) => fault !== undefined)
  if (/[\s\p{Cc}]/u.test(search)) faults.push('holds a space or a control character; write it as %20')
  if (search.includes('#')) faults.push('holds a #; write it as %23')
  if (part === 'query' && search.includes(IDS))
    faults.push(`holds ${IDS}, which belongs in include: the query is what finds the ids`)
  if (part === 'include' && !search.includes(IDS) && /\$ids/i.test(search))
    faults.push(`must have ${IDS} in capital letters`)
  return faults
}

function addressFault(search: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(search) || search.startsWith('//'))
    return 'must be relative to the FHIR base, such as Patient?active=true, not an address'
  if (!RELATIVE.test(search)) return 'must begin with a resource type, such as Patient?active=true'
  const [path = ''] = search.split('?')
  return /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)|\\|%(?:2f|5c)|\/\//i.test(path)
    ? 'has a path that leaves the FHIR base'
    : undefined
}

/** The type that a search or read begins with. */
export const searchedType = (search: string): string => /^\/?([A-Z][A-Za-z]*)/.exec(search)?.[1] ?? ''
