import type { BundleEntry, Resource } from './resource.js'

/** An answer, read. */
export interface Got {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: Record<string, unknown>
}

/** One plain request to a server under test. */
export async function ask(url: string, init: RequestInit = {}): Promise<Got> {
  const response = await fetch(url, init)
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
  }
}

export const send = (url: string, method: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(url, {
    method,
    headers: { 'content-type': 'application/fhir+json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

export const put = (resource: Resource): BundleEntry => ({
  fullUrl: `${resource.resourceType}/${resource.id}`,
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
})

export const bundle = (type: 'batch' | 'transaction', entry: readonly BundleEntry[]) => ({
  resourceType: 'Bundle',
  type,
  entry,
})

export interface ResponseEntry {
  readonly resource?: Resource
  readonly response: { readonly status: string; readonly location?: string; readonly etag?: string }
}

export const entriesOf = ({ json }: Got): readonly ResponseEntry[] => (json.entry ?? []) as ResponseEntry[]

export const statusesOf = (got: Got): readonly string[] =>
  entriesOf(got).map(({ response }) => response.status)
