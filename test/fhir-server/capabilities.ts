import { elementTree } from '../../src/fhir/elements.js'

/** The CapabilityStatement. */
export const capabilities = (base: string): object => ({
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: '2026-11-30',
  kind: 'instance',
  fhirVersion: '4.0.1',
  format: ['application/fhir+json'],
  implementation: { description: 'A server for tests', url: base },
  rest: [
    {
      mode: 'server',
      resource: [...elementTree('R4').resources.keys()].map((type) => ({
        type,
        interaction: ['read', 'vread', 'update', 'delete', 'create', 'search-type'].map((code) => ({ code })),
        versioning: 'versioned',
        conditionalCreate: true,
        conditionalUpdate: true,
        conditionalDelete: 'single',
      })),
      interaction: [{ code: 'transaction' }, { code: 'batch' }],
    },
  ],
})
