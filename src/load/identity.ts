import type { LoadEntry } from './unit.js'

const ID = /^[A-Za-z0-9.-]{1,64}$/
const TYPE = /^[A-Z][A-Za-z]{0,63}$/
const UUID_URN = /^urn:uuid:([0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})$/

/** Whether FHIR allows the id. `.` and `..` match its pattern, but name other places in a path. */
export const isId = (text: string): boolean => ID.test(text) && text !== '.' && text !== '..'

/** Whether the text has the form of a resource type's name. */
export const isTypeName = (text: string): boolean => TYPE.test(text)

/**
 * The id by which an entry is loaded: its resource's own, else the UUID of its `fullUrl`. Other URNs are not used: files
 * share placeholders such as `urn:uuid:patient-1`, and one would overwrite the other. The id may be one that FHIR does
 * not allow.
 */
export const idOfEntry = ({ id, fullUrl }: Pick<LoadEntry, 'id' | 'fullUrl'>): string | undefined =>
  id ?? (fullUrl === undefined ? undefined : UUID_URN.exec(fullUrl)?.[1])
