import { isRecord } from '../../json/record.js'

/** Where a resource leads: to a patient, or why it does not. */
export type PatientLink = { readonly id: string } | { readonly without: NoPatient }

/** Why a reference gives no patient. */
export type NoPatient =
  /** No reference is there, or only an identifier or a text. */
  | 'missing'
  /** It refers to a resource inside its own. */
  | 'contained'
  /** It refers to another server, or only to a Bundle's entry. */
  | 'elsewhere'
  /** It refers to another type. */
  | 'other-type'

type Resource = Readonly<Record<string, unknown>>

/** The patients that a root element refers to, one reference or a list; `id` gives the resource's own id. */
export function patientLinks(resource: Resource, field: string, base: URL): readonly PatientLink[] {
  if (field === 'id')
    return [
      typeof resource.id === 'string' && resource.id !== '' ? { id: resource.id } : { without: 'missing' },
    ]
  const value = resource[field]
  const list = Array.isArray(value) ? value : [value]
  return list.length === 0 ? [{ without: 'missing' }] : list.map((each) => linkOf(each, base))
}

function linkOf(value: unknown, base: URL): PatientLink {
  const reference = isRecord(value) ? value.reference : undefined
  if (typeof reference !== 'string' || reference === '') return { without: 'missing' }
  if (reference.startsWith('#')) return { without: 'contained' }
  const target = parseReference(reference, base)
  if (target === undefined) return { without: 'elsewhere' }
  return target.type === 'Patient' ? { id: target.id } : { without: 'other-type' }
}

/** Type and id of a reference, relative or below the base, with or without a version; undefined for any other. */
export function parseReference(
  reference: string,
  base: URL,
): { readonly type: string; readonly id: string } | undefined {
  const isAbsolute = /^[a-z][a-z0-9+.-]*:/i.test(reference)
  const path = isAbsolute ? pathBelow(reference, base) : reference.replace(/^\/+/, '')
  const [, type, id] = /^([A-Z][A-Za-z]+)\/([^/?#]{1,200})(?:\/_history\/[^/?#]+)?$/.exec(path ?? '') ?? []
  return type === undefined || id === undefined ? undefined : { type, id }
}

function pathBelow(reference: string, base: URL): string | undefined {
  if (!URL.canParse(reference)) return undefined
  const { href } = new URL(reference)
  return href.startsWith(base.href) ? href.slice(base.href.length) : undefined
}
