import { randomUUID } from 'node:crypto'
import type { Service } from './interactions.js'
import { Refusal } from './refusal.js'

/** `Patient/id/$everything`: the patient and all that refers to it, on one page. */
export function everything({ store, index, base }: Service, type: string, id: string): object {
  const patient = type === 'Patient' ? store.current(type, id) : undefined
  if (patient?.resource === undefined) throw new Refusal(404, 'not-found', 'no such patient')
  const keys = [patient.key, ...index.referrers(patient.key)]
  return {
    resourceType: 'Bundle',
    id: randomUUID(),
    type: 'searchset',
    total: keys.length,
    link: [{ relation: 'self', url: `${base()}/${patient.key}/$everything` }],
    entry: keys.map((key) => {
      const [ofType = '', ofId = ''] = key.split('/')
      return { fullUrl: `${base()}/${key}`, resource: store.current(ofType, ofId)?.resource }
    }),
  }
}
