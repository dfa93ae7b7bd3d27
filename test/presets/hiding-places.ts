/** A resource with something that must not survive, by the identifier of Safe Harbor it belongs to. */
export interface HidingPlace {
  readonly what: string
  readonly resource: Readonly<Record<string, unknown>>
  /** Texts that no output may contain. */
  readonly secrets: readonly string[]
  /** Only where a preset removes exact ages, not only names and numbers: `safe-harbor`. */
  readonly only?: 'safe-harbor'
  /** Only where FHIR has it: R4. */
  readonly r4?: true
}

const NAME = 'Zanzibar Quimby'
const place = (
  what: string,
  resource: Readonly<Record<string, unknown>>,
  secrets: readonly string[] = [NAME],
  more: Pick<HidingPlace, 'only' | 'r4'> = {},
): HidingPlace => ({ what, resource, secrets, ...more })
const R4 = { r4: true } as const
const observation = (more: object) => ({ resourceType: 'Observation', status: 'final', ...more })
const patient = (more: object) => ({ resourceType: 'Patient', ...more })
const loinc = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] })
const years = (value: number) => ({ value, unit: 'years', system: 'http://unitsofmeasure.org', code: 'a' })

/** Places where data of each kind that Safe Harbor names has been found, by kind. */
export const HIDING_PLACES: readonly HidingPlace[] = [
  // A: names
  place('a name', patient({ name: [{ family: NAME, given: [NAME], prefix: [NAME], text: NAME }] })),
  place(
    'the name of a contact',
    patient({ contact: [{ name: { text: NAME }, relationship: [{ text: NAME }] }] }),
  ),
  place('the name of a relative', { resourceType: 'RelatedPerson', name: [{ text: NAME }] }),
  place('the name in a family history', { resourceType: 'FamilyMemberHistory', name: NAME }),
  place('the name of an employer', { resourceType: 'Organization', name: NAME, alias: [NAME] }),
  place('a file name', patient({ photo: [{ title: NAME, url: `http://x/${NAME}` }] })),
  place('who opened a chart', { resourceType: 'AuditEvent', agent: [{ name: NAME, altId: NAME }] }),
  place('the display of a reference', observation({ subject: { display: NAME } })),
  place('an annotation', { resourceType: 'Condition', note: [{ text: NAME, authorString: NAME }] }),
  place('a narrative', patient({ text: { status: 'generated', div: `<div>${NAME}</div>` } })),
  place('a dosage', {
    resourceType: 'MedicationRequest',
    dosageInstruction: [{ text: NAME, patientInstruction: NAME }],
  }),
  place('the name of a device', { resourceType: 'Device', deviceName: [{ name: NAME }] }, [NAME], R4),
  place('the name of a group', { resourceType: 'Group', name: NAME }),
  place('the name of a care team', { resourceType: 'CareTeam', name: NAME }),
  place('the title of a list', { resourceType: 'List', title: NAME }),
  place('the name of an account', { resourceType: 'Account', name: NAME, description: NAME }),
  place('the description of a document', { resourceType: 'DocumentReference', description: NAME }),
  place('the title of a composition', {
    resourceType: 'Composition',
    title: NAME,
    section: [{ title: NAME }],
  }),
  place(
    'the text of a code',
    observation({ code: { text: NAME, coding: [{ code: 'c', display: NAME, version: NAME }] } }),
  ),
  place('an extension', patient({ extension: [{ url: `http://x/${NAME}`, valueString: NAME }] })),
  place(
    'a nested extension',
    patient({ extension: [{ url: 'u', extension: [{ url: NAME, valueHumanName: { text: NAME } }] }] }),
  ),
  place(
    'the extensions of US Core',
    patient({
      extension: ['race', 'ethnicity', 'birthsex', 'genderIdentity'].map((name) => ({
        id: NAME,
        url: `http://hl7.org/fhir/us/core/StructureDefinition/us-core-${name}`,
        _url: { id: NAME, extension: [{ url: 'u', valueInteger: 424242 }] },
        valueString: NAME,
        extension: [
          {
            url: 'ombCategory',
            valueCoding: {
              id: NAME,
              display: NAME,
              version: NAME,
              code: 'c',
              _code: { id: NAME, extension: [{ url: 'u', valueInteger: 424242 }] },
            },
          },
          { url: 'text', valueString: NAME },
          { url: NAME, valueCoding: { code: NAME } },
        ],
      })),
    }),
    [NAME, '424242'],
  ),
  place(
    'typed text among the categories of race',
    patient({
      extension: [
        {
          url: 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race',
          _url: { id: NAME, extension: [{ url: NAME, valueInteger: 424242 }] },
          id: NAME,
          extension: [
            {
              id: NAME,
              url: 'ombCategory',
              _url: { id: NAME },
              valueCoding: {
                id: NAME,
                system: 'urn:oid:2.16.840.1.113883.6.238',
                _system: { id: NAME },
                code: '2106-3',
                _code: { extension: [{ url: NAME, valueInteger: 424242 }] },
                display: NAME,
                version: NAME,
                extension: [{ url: NAME, valueString: NAME }],
              },
            },
            {
              url: 'ombCategory',
              valueCoding: { system: 'urn:oid:2.16.840.1.113883.6.238', code: NAME },
            },
            { url: 'ombCategory', valueCoding: { system: `http://${NAME}`, code: '2106-3' } },
            { url: 'detailed', valueCoding: { code: NAME } },
            { url: 'text', valueString: NAME, _valueString: { id: NAME } },
          ],
        },
        {
          url: 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex',
          valueCode: 'F',
          _valueCode: { id: NAME, extension: [{ url: NAME, valueInteger: 424242 }] },
        },
        { url: 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex', valueCode: NAME },
      ],
    }),
    [NAME, '424242'],
  ),
  place(
    'labels of the source',
    patient({
      meta: {
        security: [
          { system: 'http://h.example', code: 'MAYOR', display: NAME },
          { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'CEL' },
          {
            system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality',
            code: 'SMITH',
            display: NAME,
          },
        ],
      },
    }),
    ['h.example', 'MAYOR', 'CEL', 'SMITH', NAME],
  ),
  place(
    'the extension of a primitive',
    patient({ _gender: { id: NAME, extension: [{ url: 'u', valueString: NAME }] } }),
  ),
  place(
    'a contained resource',
    observation({ contained: [{ resourceType: 'Patient', id: 'p', name: [{ text: NAME }] }] }),
  ),
  place('an entry of a Bundle', {
    resourceType: 'Bundle',
    entry: [{ resource: patient({ name: [{ text: NAME }] }) }],
  }),
  place('a parameter', {
    resourceType: 'Parameters',
    parameter: [{ name: NAME, valueString: NAME, resource: patient({ name: [{ text: NAME }] }) }],
  }),
  place(
    'typed text in codes',
    {
      resourceType: 'Observation',
      status: NAME,
      code: {
        coding: [
          { system: 'urn:oid:1.2.840.114350.1', code: `${NAME} MRN 4242` },
          { code: `pt ${NAME} fell` },
          { system: 'http://loinc.org', code: NAME },
          { system: 'http://snomed.info/sct', code: '4242421' },
        ],
      },
      valueQuantity: { value: 1, system: 'http://unitsofmeasure.org', code: `{tab for ${NAME}}` },
    },
    [NAME, '4242'],
  ),
  place('typed text as a gender', patient({ gender: NAME, language: `pt-BR-x-${NAME}` })),
  // B: geography
  place(
    'a census tract and a host name in codes',
    observation({
      code: {
        coding: [
          { system: 'http://loinc.org', code: '25025010405' },
          { system: 'https://emr.st-marys-boston.example/codes', code: '1' },
        ],
      },
    }),
    ['25025010405', 'st-marys'],
  ),
  place(
    'an address',
    patient({
      address: [
        { line: ['12 Foxglove'], city: 'Ely', district: 'White Pine', postalCode: '89301', text: NAME },
      ],
    }),
    ['Foxglove', 'Ely', 'White Pine', '893', NAME],
  ),
  place('the last digits of a postal code', patient({ address: [{ postalCode: '98053-1204' }] }), [
    '98053',
    '1204',
  ]),
  place(
    'a foreign postal code',
    patient({ address: [{ postalCode: 'K1A 0B1', state: 'Ontario', country: 'CA' }] }),
    ['K1A', '0B', 'Ontario'],
  ),
  place('a short postal code', patient({ address: [{ postalCode: '98' }] }), ['98']),
  place('an address in a kept state', { resourceType: 'Location', address: { state: NAME, country: NAME } }),
  place('a position', { resourceType: 'Location', position: { longitude: -71.4321, latitude: 42.4321 } }, [
    '71.4321',
    '42.4321',
  ]),
  place('the name of a site', { resourceType: 'Location', name: NAME, description: NAME, alias: [NAME] }),
  place('where a visit was', { resourceType: 'Encounter', location: [{ location: { display: NAME } }] }),
  place('an address as a value', observation({ code: loinc('56799-0'), valueString: NAME })),
  place(
    'the birth place',
    patient({
      extension: [
        {
          url: 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace',
          valueAddress: { city: NAME, postalCode: '98053' },
        },
      ],
    }),
    [NAME, '980'],
  ),
  place(
    'a geolocation',
    patient({
      address: [{ extension: [{ url: 'geo', extension: [{ url: 'latitude', valueDecimal: 47.7443 }] }] }],
    }),
    ['47.7443'],
  ),
  // C: dates and ages
  place('a birth date', patient({ birthDate: '1987-06-05' }), ['1987-06-05', '06-05']),
  place(
    'the time of birth',
    patient({
      birthDate: '1987-06-05',
      _birthDate: { extension: [{ url: 'u', valueDateTime: '1987-06-05T07:08:09+02:00' }] },
    }),
    ['06-05', '07:08', '+02:00'],
  ),
  place('a year that tells an age over 89', patient({ birthDate: '1931' }), ['1931']),
  place('a day that tells an age over 89', patient({ birthDate: '1936-11-20' }), ['1936']),
  place('the time of death', patient({ deceasedDateTime: '2020-06-05T07:08:09Z' }), ['2020-06-05', '07:08']),
  place(
    'a period',
    { resourceType: 'Encounter', period: { start: '2020-06-05', end: '2020-06-05T07:08:09Z' } },
    ['06-05', '07:08'],
  ),
  place('an instant', observation({ issued: '2020-06-05T07:08:09.123Z' }), ['06-05', '07:08', '123Z']),
  place(
    'the events of a timing',
    {
      resourceType: 'MedicationRequest',
      dosageInstruction: [
        { timing: { event: ['2020-06-05T07:08:09Z'], repeat: { timeOfDay: ['07:08:09'] } } },
      ],
    },
    ['06-05', '07:08'],
  ),
  place('the last update', patient({ meta: { lastUpdated: '2020-06-05T07:08:09.123Z', versionId: NAME } }), [
    '06-05',
    '07:08',
    NAME,
  ]),
  place(
    'the period of an identifier',
    patient({ identifier: [{ value: NAME, period: { start: '2020-06-05' } }] }),
    ['06-05', NAME],
  ),
  place(
    'the creation of an attachment',
    { resourceType: 'DocumentReference', content: [{ attachment: { creation: '2020-06-05T07:08:09Z' } }] },
    ['06-05', '07:08'],
  ),
  place('a date in a text', { resourceType: 'DiagnosticReport', conclusion: 'since 2020-06-05' }, [
    '2020-06-05',
  ]),
  place('a time as a value', observation({ valueTime: '07:08:09' }), ['07:08']),
  place('an age over 89', { resourceType: 'Condition', onsetAge: years(93) }, ['93']),
  place(
    'a range of ages',
    { resourceType: 'Condition', onsetRange: { low: years(91), high: years(97) } },
    ['91', '97'],
    { only: 'safe-harbor' },
  ),
  place(
    'an age as an observation',
    observation({ code: loinc('30525-0'), valueQuantity: years(93) }),
    ['93'],
    { only: 'safe-harbor' },
  ),
  place(
    'an age as a component',
    observation({ component: [{ code: loinc('30525-0'), valueQuantity: years(93) }] }),
    ['93'],
    { only: 'safe-harbor' },
  ),
  place('the age of a relative', { resourceType: 'FamilyMemberHistory', ageAge: years(93) }, ['93']),
  place('the age of a relative as text', { resourceType: 'FamilyMemberHistory', ageString: '93 years' }, [
    '93',
  ]),
  place(
    'the age of a group',
    { resourceType: 'Group', characteristic: [{ code: loinc('30525-0'), valueRange: { low: years(93) } }] },
    ['93'],
    { only: 'safe-harbor' },
  ),
  place(
    'a postal code elsewhere',
    patient({
      address: [
        { postalCode: '10115', country: 'DE' },
        { postalCode: '75001', country: 'France' },
        { postalCode: '28001', state: 'Madrid' },
      ],
    }),
    ['101', '750', '280'],
  ),
  place('a state elsewhere', patient({ address: [{ state: 'DE', country: 'DE' }] }), ['DE']),
  place('an area without inhabitants', patient({ address: [{ postalCode: '73301' }] }), ['733']),
  place(
    'a position as an amount',
    observation({
      valueQuantity: { value: 42.360091, system: 'http://unitsofmeasure.org', code: 'deg' },
      component: [
        { valueQuantity: { value: -71.09416, unit: 'degrees', code: 'deg' } },
        { valueQuantity: { value: 43.660091, unit: 'degrees' } },
      ],
    }),
    ['42.36', '71.09', '43.66'],
  ),
  place('a birthday in the year of the 90th', patient({ birthDate: '1936-12-31' }), ['1936']),
  ...(
    [
      [1_100, 'mo'],
      [4_700, 'wk'],
      [33_000, 'd'],
      [9, '10.a'],
      [94, undefined],
      [95, 'years'],
    ] as const
  ).map(([value, code]) =>
    place(
      `an age of ${value} ${code ?? 'without unit'}`,
      {
        resourceType: 'Condition',
        onsetAge: { value, unit: 'typed', system: 'http://unitsofmeasure.org', ...(code && { code }) },
      },
      [`:${value}`],
    ),
  ),
  place(
    'an age with a comparator',
    { resourceType: 'Condition', onsetAge: { ...years(89), comparator: '>' } },
    ['89'],
  ),
  ...['mo', 'wk', 'd', 'a', 'mo{age}', 'years'].map((code) =>
    place(
      `an age as an amount of ${code}`,
      observation({ valueQuantity: { value: 95, system: 'http://unitsofmeasure.org', code } }),
      [':95'],
      { only: 'safe-harbor' },
    ),
  ),
  // D, E, F: telephone, fax, mail
  place(
    'a telephone number as a number',
    { resourceType: 'Observation', valueInteger: 617_550_199 },
    ['617550199'],
    R4,
  ),
  place(
    'a telephone number as an answer',
    {
      resourceType: 'QuestionnaireResponse',
      item: [{ answer: [{ valueInteger: 617_550_199 }, { valueDecimal: 617_550_199.5 }] }],
    },
    ['617550199'],
  ),
  place('a telephone number as a birth order', patient({ multipleBirthInteger: 617_550_199 }), ['617550199']),
  place('a record number as a sequence', { resourceType: 'Claim', diagnosis: [{ sequence: 999_123_456 }] }, [
    '999123456',
  ]),
  place('a record number as an amount without unit', observation({ valueQuantity: { value: 999_123_456 } }), [
    '999123456',
  ]),
  place(
    'a telephone number',
    patient({ telecom: [{ value: '555-867-5309' }], contact: [{ telecom: [{ value: '555-867-5309' }] }] }),
    ['5309'],
  ),
  place(
    'the mail of a practitioner',
    { resourceType: 'Practitioner', telecom: [{ value: 'zq@example.org' }] },
    ['zq@'],
  ),
  place('the address of an endpoint', {
    resourceType: 'Endpoint',
    address: `https://${NAME}`,
    header: [`Bearer ${NAME}`],
  }),
  place('a message', { resourceType: 'Communication', payload: [{ contentString: NAME }] }),
  // G to K: numbers of people and papers
  place(
    'a social security number',
    patient({
      identifier: [{ system: 'http://hl7.org/fhir/sid/us-ssn', value: '999-12-3456', type: { text: NAME } }],
    }),
    ['999-12', NAME],
  ),
  place('a record number as an id', patient({ id: 'mrn-424242' }), ['424242']),
  place('a record number in a reference', observation({ subject: { reference: 'Patient/mrn-424242' } }), [
    '424242',
  ]),
  place('a versioned reference', observation({ subject: { reference: 'Patient/1/_history/mrn-424242' } }), [
    '424242',
  ]),
  place(
    'a conditional reference',
    observation({ subject: { reference: 'Patient?identifier=http://h|424242' } }),
    ['424242', 'http://h'],
  ),
  place(
    'a logical reference',
    observation({ subject: { identifier: { system: 'http://h.example', value: '424242' } } }),
    ['424242', 'h.example'],
  ),
  place(
    'the addresses in a Bundle',
    {
      resourceType: 'Bundle',
      link: [{ relation: 'self', url: 'http://h.example/?mrn=424242' }],
      entry: [
        {
          fullUrl: 'http://h.example/Patient/424242',
          resource: patient({}),
          request: { method: 'POST', url: 'Patient?mrn=424242', ifNoneExist: 'identifier=424242' },
          response: { status: '201', etag: 'W/"424242"', location: 'Patient/424242' },
        },
      ],
    },
    ['424242', 'h.example'],
  ),
  place(
    'the query of an audit',
    {
      resourceType: 'AuditEvent',
      entity: [{ name: NAME, description: NAME, query: 'NDI0MjQy', detail: [{ type: NAME }] }],
    },
    [NAME, 'NDI0MjQy'],
  ),
  place('the diagnostics of an outcome', {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'invalid', diagnostics: NAME }],
  }),
  place('a member number', { resourceType: 'Coverage', subscriberId: NAME, dependent: NAME, network: NAME }),
  place(
    'the class of a plan',
    { resourceType: 'Coverage', class: [{ value: NAME, name: NAME }] },
    [NAME],
    R4,
  ),
  place('a pre-authorization', {
    resourceType: 'Claim',
    insurance: [{ preAuthRef: [NAME], businessArrangement: NAME }],
  }),
  place(
    'the supporting information of a claim',
    { resourceType: 'Claim', supportingInfo: [{ valueString: NAME }] },
    [NAME],
    R4,
  ),
  place('an account number', { resourceType: 'Account', identifier: [{ value: NAME }] }),
  place('the number of a payment', {
    resourceType: 'ExplanationOfBenefit',
    payment: { identifier: { value: NAME } },
  }),
  place('a licence', {
    resourceType: 'Practitioner',
    qualification: [{ identifier: [{ value: NAME }], issuer: { display: NAME } }],
  }),
  // L, M: vehicles, devices
  place(
    'where an accident was',
    { resourceType: 'Claim', accident: { date: '2020-06-05', locationAddress: { line: [NAME] } } },
    [NAME, '06-05'],
  ),
  place(
    'the numbers of a device',
    {
      resourceType: 'Device',
      udiCarrier: [{ carrierHRF: NAME, deviceIdentifier: NAME }],
      distinctIdentifier: NAME,
      serialNumber: NAME,
      partNumber: NAME,
    },
    [NAME],
    R4,
  ),
  place('the lot of a device', { resourceType: 'Device', lotNumber: NAME }),
  place('the lot of a vaccine', { resourceType: 'Immunization', lotNumber: NAME }),
  place('the device of an observation', observation({ device: { display: NAME } })),
  // N, O: web and network addresses
  place(
    'an absolute reference',
    observation({ subject: { reference: 'https://ehr.h.example/fhir/Patient/424242' } }),
    ['h.example', '424242'],
  ),
  place(
    'the source of a resource',
    patient({
      meta: {
        source: 'http://h.example/feed',
        profile: ['http://h.example/p'],
        tag: [{ system: 'http://h.example', code: 't', display: NAME }],
      },
    }),
    ['h.example', NAME],
    R4,
  ),
  place(
    'the system of an identifier',
    patient({ identifier: [{ system: 'http://h.example/mrn', value: 'v424242' }] }),
    ['h.example', '424242'],
  ),
  place(
    'the endpoints of a message',
    {
      resourceType: 'MessageHeader',
      source: { endpoint: 'http://h.example', name: NAME },
      destination: [{ endpoint: 'http://h.example' }],
    },
    ['h.example', NAME],
  ),
  place('the policy of a consent', { resourceType: 'Consent', policy: [{ uri: 'http://h.example' }] }, [
    'h.example',
  ]),
  place('the address of a device', { resourceType: 'Device', url: 'http://h.example' }, ['h.example']),
  place(
    'a network address',
    {
      resourceType: 'AuditEvent',
      agent: [{ network: { address: '10.20.30.40', type: '2' } }],
      source: { site: NAME },
    },
    ['10.20', NAME],
  ),
  // P, Q: body and face
  place('a picture', patient({ photo: [{ contentType: 'image/png', data: 'QUJDREVGR0g=' }] }), ['QUJDREVG']),
  place(
    'a binary',
    { resourceType: 'Binary', contentType: 'application/pdf', data: 'QUJDREVGR0g=' },
    ['QUJDREVG'],
    R4,
  ),
  place(
    'the data of a signal',
    observation({ valueSampledData: { origin: { value: 0 }, period: 1, dimensions: 1, data: NAME } }),
  ),
  place(
    'the hash of a file',
    { resourceType: 'DocumentReference', content: [{ attachment: { hash: 'QUJDREVGR0g=' } }] },
    ['QUJDREVG'],
  ),
  // R: anything else
  place(
    'an imaging study',
    {
      resourceType: 'ImagingStudy',
      series: [{ uid: '1.2.840.424242', instance: [{ uid: '1.2.840.424242', number: 1 }] }],
    },
    ['424242'],
  ),
  place('an accession number', { resourceType: 'Specimen', accessionIdentifier: { value: NAME } }),
  place('the id of an element', patient({ name: [{ id: NAME, use: 'official' }] })),
  place('a unit', observation({ valueQuantity: { value: 1, unit: NAME } })),
  place('an order number', {
    resourceType: 'Task',
    identifier: [{ value: NAME }],
    groupIdentifier: { value: NAME },
  }),
  place('an answer', {
    resourceType: 'QuestionnaireResponse',
    item: [
      { linkId: NAME, text: NAME, answer: [{ valueString: NAME, item: [{ linkId: NAME, text: NAME }] }] },
    ],
  }),
  place('the arm of a study', { resourceType: 'ResearchSubject', actualArm: NAME, assignedArm: NAME }),
  place('the citation of an artifact', {
    resourceType: 'Library',
    relatedArtifact: [{ citation: NAME, display: NAME }],
  }),
  place('an invoice', { resourceType: 'Invoice', paymentTerms: NAME, cancelledReason: NAME }, [NAME], R4),
  place('why a service is closed', {
    resourceType: 'HealthcareService',
    notAvailable: [{ description: NAME }],
  }),
  place(
    'a genome',
    {
      resourceType: 'MolecularSequence',
      observedSeq: 'ACGTACGT',
      repository: [{ url: 'http://h.example', name: NAME }],
    },
    ['ACGT', 'h.example', NAME],
    R4,
  ),
  place(
    'a certificate',
    { resourceType: 'VerificationResult', validator: [{ identityCertificate: NAME }] },
    [NAME],
    R4,
  ),
]
