import { isTypeName } from '../identity.js'

/** What the address of a request names. */
export type RequestAddress =
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'instance'; readonly type: string; readonly id: string }
  | { readonly kind: 'search'; readonly type: string; readonly query: string }

const ADDRESS = /^\/?([A-Za-z]+)(?:\/([^/?#]+)|\?(.+))?$/s

/**
 * Reads an address relative to the base: `Patient`, `Patient/1`, `Patient?identifier=x`. Undefined for any other:
 * absolute ones, operations, versions, searches for everything. The id may be one that FHIR does not allow.
 */
export function parseAddress(url: string): RequestAddress | undefined {
  const [, type = '', id, query] = ADDRESS.exec(url) ?? []
  if (!isTypeName(type)) return undefined
  if (id !== undefined) return { kind: 'instance', type, id }
  return query === undefined ? { kind: 'type', type } : { kind: 'search', type, query }
}

export function addressText(address: RequestAddress): string {
  switch (address.kind) {
    case 'type':
      return address.type
    case 'instance':
      return `${address.type}/${address.id}`
    case 'search':
      return `${address.type}?${address.query}`
  }
}

const CONDITIONAL = /^([A-Z][A-Za-z]{0,63})\?(.+)$/s

/** A conditional reference (FHIR R4, 3.1.0.11.2): a search that stands for the one resource that it finds. */
export function conditionalReference(
  text: string,
): { readonly type: string; readonly query: string } | undefined {
  const [, type, query] = CONDITIONAL.exec(text) ?? []
  return type === undefined || query === undefined ? undefined : { type, query }
}
