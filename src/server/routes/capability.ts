import { elementTree } from '../../fhir/elements.js'
import type { FhirVersion } from '../../fhir/version.js'
import { ASSERTION_ALGORITHMS } from '../../http/client-assertion.js'
import { searchParameter, supportedParameters } from '../query/search-parameters.js'

const IG = 'http://hl7.org/fhir/uv/bulkdata'
const NUMBERS: Readonly<Record<FhirVersion, string>> = {
  STU3: '3.0.2',
  R4: '4.0.1',
  R4B: '4.3.0',
  R5: '5.0.0',
}

export interface CapabilityOptions {
  readonly baseUrl: string
  readonly version: FhirVersion
  readonly softwareVersion: string
  /** Date of the statement, as an instant. */
  readonly date: string
  /** Absent if no authorization is needed or another server grants it. */
  readonly tokenUrl?: string
  readonly hasAuthorization: boolean
  /** Whether groups can be read and searched. */
  readonly hasGroups: boolean
}

/** Builds the CapabilityStatement: the three levels of `$export` and the search parameters of `_typeFilter`. */
export function capabilityStatement(options: CapabilityOptions): object {
  const { baseUrl, version, softwareVersion, date, hasGroups } = options
  const isOld = version === 'STU3'
  const operation = (name: string) => {
    const definition = `${IG}/OperationDefinition/${name}`
    return [{ name: 'export', definition: isOld ? { reference: definition } : definition }]
  }
  const resources = [...elementTree(version).resources.keys()]
    .filter((type) => supportedParameters(type).length > supportedParameters('').length || type === 'Group')
    .map((type) => ({
      type,
      ...(type === 'Group' && hasGroups ? { interaction: [{ code: 'read' }, { code: 'search-type' }] } : {}),
      searchParam: supportedParameters(type).map((name) => ({
        name,
        type: searchParameter(type, name)?.kind,
      })),
      ...(type === 'Patient' ? { operation: operation('patient-export') } : {}),
      ...(type === 'Group' ? { operation: operation('group-export') } : {}),
    }))
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date,
    kind: 'instance',
    instantiates: [`${IG}/CapabilityStatement/bulk-data`],
    software: { name: 'Sluice', version: softwareVersion },
    implementation: { description: 'FHIR Bulk Data exports, anonymized where asked for', url: baseUrl },
    fhirVersion: NUMBERS[version],
    ...(isOld ? { acceptUnknown: 'no' } : {}),
    format: ['json', 'application/fhir+json'],
    rest: [
      {
        mode: 'server',
        documentation:
          'Exports. Search parameters are those of _typeFilter; only Group can be read and searched by itself.',
        ...securityOf(options),
        resource: resources,
        operation: operation('export'),
      },
    ],
  }
}

function securityOf({ tokenUrl, hasAuthorization, version }: CapabilityOptions): object {
  if (!hasAuthorization) return {}
  const system =
    version === 'STU3'
      ? 'http://hl7.org/fhir/restful-security-service'
      : 'http://terminology.hl7.org/CodeSystem/restful-security-service'
  const uris = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris'
  return {
    security: {
      ...(tokenUrl === undefined
        ? {}
        : { extension: [{ url: uris, extension: [{ url: 'token', valueUri: tokenUrl }] }] }),
      service: [{ coding: [{ system, code: 'SMART-on-FHIR' }], text: 'SMART Backend Services' }],
    },
  }
}

/** Builds `.well-known/smart-configuration` for the server's own token endpoint. */
export const smartConfiguration = (tokenUrl: string): object => ({
  token_endpoint: tokenUrl,
  grant_types_supported: ['client_credentials'],
  token_endpoint_auth_methods_supported: ['private_key_jwt'],
  token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
  scopes_supported: ['system/*.rs', 'system/*.read'],
  code_challenge_methods_supported: ['S256'],
  capabilities: ['client-confidential-asymmetric', 'permission-v1', 'permission-v2'],
})
