import t from 'tap'
import { lines, outcomeText, parametersOf, provide } from '../provider.js'

const to = (reference: string, more: object = {}): object => ({ reference, ...more })
const resource = (resourceType: string, id: string, more: object = {}): string =>
  JSON.stringify({ resourceType, id, ...more })

const OURS = { subject: to('Patient/in') }

/** Resources of the member `in` that name somebody else, each in another place. */
const FOREIGN: Readonly<Record<string, object>> = {
  performer: { ...OURS, performer: [to('Practitioner/d'), to('Patient/out')] },
  focus: { ...OURS, focus: [to('Patient/out')] },
  author: { ...OURS, author: to('Patient/out') },
  'an absolute address': { ...OURS, focus: [to('https://elsewhere.example.org/fhir/Patient/out')] },
  'a version': { ...OURS, focus: [to('Patient/out/_history/1')] },
  'a slash at the end': { ...OURS, focus: [to('http://x.example.org/Patient/out/')] },
  'a fragment': { ...OURS, focus: [to('Patient/out#name')] },
  'an escaped address': { ...OURS, focus: [to('Patient/o%75t')] },
  'an extension': { ...OURS, extension: [{ url: 'x', valueReference: to('Patient/out') }] },
  'an extension of a primitive': {
    ...OURS,
    _status: { extension: [{ url: 'x', valueReference: to('Patient/out') }] },
  },
  'a nested extension': {
    ...OURS,
    extension: [{ url: 'a', extension: [{ url: 'b', valueReference: to('Patient/out') }] }],
  },
  'an address in an extension': {
    ...OURS,
    extension: [{ url: 'x', valueUri: 'http://h.example.org/Patient/out' }],
  },
  'a contained resource': {
    ...OURS,
    contained: [{ resourceType: 'RelatedPerson', id: 'r', patient: to('Patient/out') }],
  },
  'a contained patient': { ...OURS, contained: [{ resourceType: 'Patient', id: 'p' }], focus: [to('#p')] },
  'a URN of a known patient': { ...OURS, focus: [to('urn:uuid:out')] },
  'a URN of a typed patient': { ...OURS, focus: [to('urn:uuid:unknown', { type: 'Patient' })] },
  'a patient by identifier': { ...OURS, focus: [{ type: 'Patient', identifier: { value: 'x' } }] },
  'a patient by search': { ...OURS, focus: [to('Patient?identifier=x')] },
  'an element that nobody knows': { ...OURS, unknown: { deep: [{ reference: 'Patient/out' }] } },
  'a subject by identifier alone': {
    subject: { identifier: { value: 'x' } },
    performer: [to('Patient/in')],
  },
  'a patient by display alone': { ...OURS, focus: [{ type: 'Patient', display: 'Somebody' }] },
  'a patient whose address is masked': {
    ...OURS,
    focus: [{ type: 'Patient', _reference: { extension: [{ url: 'x', valueCode: 'masked' }] } }],
  },
  'a typed patient at an address that is not understood': {
    ...OURS,
    focus: [to('out', { type: 'Patient' })],
  },
  'a type in lower case': { ...OURS, focus: [to('patient/out')] },
  'a type in capitals, absolute': { ...OURS, focus: [to('http://h.example.org/fhir/PATIENT/out')] },
  'a space before it': { ...OURS, focus: [to(' Patient/out')] },
  'a backslash': { ...OURS, focus: [to('Patient\\out')] },
  'an address that is escaped twice': { ...OURS, focus: [to('Patient%252Fout')] },
  'a list of addresses': { ...OURS, focus: [{ reference: ['Patient/out'] }] },
  'a URN in capitals': { ...OURS, focus: [to('URN:UUID:out')] },
  'a URN whose UUID is in capitals': { ...OURS, focus: [to('urn:uuid:OUT')] },
  'a subject by its id alone': { subject: to('out'), performer: [to('Patient/in')] },
  'a subject by a URN of another kind': { subject: to('urn:x:out'), performer: [to('Patient/in')] },
  'a URN with a version': { ...OURS, focus: [to('urn:uuid:out|2')] },
  'a URN in an extension': { ...OURS, extension: [{ url: 'x', valueUuid: 'urn:uuid:out' }] },
  'a patient in a contained Bundle': {
    ...OURS,
    contained: [{ resourceType: 'Bundle', entry: [{ resource: { resourceType: 'Patient', id: 'p' } }] }],
  },
  'a patient contained in a contained resource': {
    ...OURS,
    contained: [{ resourceType: 'Basic', contained: [{ resourceType: 'Patient', id: 'p' }] }],
  },
  'a second subject': { subject: [to('Patient/in'), to('Patient/out')] },
}

const store = (groups: readonly string[], more: readonly string[] = []) => ({
  'data.ndjson': lines(
    ...groups,
    resource('Patient', 'in'),
    resource('Patient', 'out'),
    resource('Observation', 'plain', {
      ...OURS,
      performer: [
        to('Practitioner/d'),
        to('urn:uuid:e1'),
        to('#c'),
        { identifier: { value: 'x' } },
        { type: 'Practitioner', identifier: { value: 'x' } },
        to('PatientPortal/1', { type: 'Device' }),
      ],
      focus: [to('Patient/in/_history/2')],
      derivedFrom: [{ type: 'Observation', identifier: { value: 'x' } }],
      extension: [
        { url: 'http://x.example.org/StructureDefinition/Patient', valueUri: 'http://x.example.org/Patient' },
      ],
      note: [{ text: 'Patient/out' }],
    }),
    resource('Observation', 'theirs', { subject: to('Patient/out') }),
    resource('Observation', 'performed', { subject: to('Group/x'), performer: [to('Patient/in')] }),
    ...more,
  ),
})

const member = (reference: string, more: object = {}): object => ({ entity: { reference }, ...more })
const group = (id: string, members: unknown): string =>
  resource('Group', id, { type: 'person', actual: true, member: members })

t.test(
  'what names anybody outside of the group, wherever, is left out, counted, and hides nothing else',
  async (t) => {
    const foreign = Object.values(FOREIGN).map((more, at) => resource('Observation', `foreign-${at}`, more))
    const provider = await provide(t, { files: store([group('g', [member('Patient/in')])], foreign) })
    const ours = ['Group/g', 'Observation/performed', 'Observation/plain', 'Patient/in']
    const only = parametersOf({ name: 'patient', valueReference: to('Patient/in') })
    for (const [path, init, expected] of [
      ['/Group/g/$export', {}, ours],
      ['/Group/g/$export', only, ours],
      ['/Patient/$export', only, ours],
    ] as const) {
      const { resources, issues } = await provider.export(path, init)
      const names = resources.map(
        (name) => Object.keys(FOREIGN)[Number(/foreign-(\d+)/.exec(name)?.[1])] ?? name,
      )
      t.same(names, expected, path)
      t.match(issues.join(), `${foreign.length} resources also name patients`, path)
    }
    t.equal((await provider.export('/$export')).resources.length, 6 + foreign.length, 'all at system level')
  },
)

/** Damaged text: readers differ in which of two members of one name counts. */
const TWICE: readonly string[] = [
  '{"reference":"Patient/out","reference":"Device/d"}',
  '{"reference":"Device/d","reference":"Patient/out"}',
  '{"r\\u0065ference":"P\\u0061tient\\/out"}',
  '{"reference":"Device/d"},"f\\u006fcus":{"reference":"Patient/out"}',
]

t.test('a member that is there twice, or escaped, hides no patient', async (t) => {
  const texts = TWICE.map(
    (focus, at) =>
      `{"resourceType":"Observation","id":"twice-${at}","subject":{"reference":"Patient/in"},"focus":${focus}}`,
  )
  const provider = await provide(t, { files: store([group('g', [member('Patient/in')])], texts) })
  const { resources, issues } = await provider.export('/Group/g/$export?_type=Observation')
  t.same(resources, ['Observation/performed', 'Observation/plain'])
  t.match(issues.join(), `${texts.length} resources also name patients`)
})

t.test('a patient that is linked to one outside of the group is left out as well', async (t) => {
  const linked = resource('Patient', 'linked', { link: [{ other: to('Patient/out'), type: 'seealso' }] })
  const provider = await provide(t, {
    files: store(
      [group('g', [member('Patient/linked')]), group('h', [member('Patient/linked'), member('Patient/out')])],
      [linked],
    ),
  })
  t.same((await provider.export('/Group/g/$export?_type=Patient')).resources, [])
  t.same((await provider.export('/Group/h/$export?_type=Patient')).resources, [
    'Patient/linked',
    'Patient/out',
  ])
})

/** Members beside the good one, and how many of them cannot be read. */
const MEMBERS: readonly (readonly [string, unknown, number, boolean])[] = [
  ['null', [null, member('Patient/in')], 1, true],
  ['texts and numbers', ['x', 7, true, member('Patient/in')], 3, true],
  ['no entity', [{}, { entity: null }, { entity: [] }, member('Patient/in')], 3, true],
  [
    'a reference that is none',
    [{ entity: { reference: 7 } }, member(''), member('#x'), member('Patient/in')],
    3,
    true,
  ],
  [
    'by identifier',
    [{ entity: { type: 'Patient', identifier: { value: 'x' } } }, member('Patient/in')],
    1,
    true,
  ],
  ['lists in lists', [[member('Patient/in')], member('Patient/in')], 1, true],
  ['an object', { entity: { reference: 'Patient/in' } }, 1, false],
  ['a text', 'Patient/in', 1, false],
  ['null as a whole', null, 1, false],
  ['nothing', [], 0, false],
  ['inactive', [member('Patient/in', { inactive: true })], 0, false],
  ['inactive as a text', [member('Patient/in', { inactive: 'true' })], 1, false],
  ['a period that is over', [member('Patient/in', { period: { end: '2020' } })], 0, false],
  ['a period that begins later', [member('Patient/in', { period: { start: '2999-01-01' } })], 0, false],
  ['a period that cannot be read', [member('Patient/in', { period: { end: 'soon' } })], 1, false],
  ['a period that is none', [member('Patient/in', { period: 7 })], 1, false],
  ['an open period', [member('Patient/in', { period: { start: '2020' } })], 0, true],
  ['an absolute address', [member('https://example.org/fhir/Patient/in')], 0, true],
  ['a version', [member('Patient/in/_history/3')], 0, true],
  ['a URN', [member('urn:uuid:in')], 0, true],
  [
    'itself and a group that is missing',
    [member('Group/g'), member('Group/none'), member('Patient/in')],
    0,
    true,
  ],
]

t.test('a bad member costs itself; no group stops another', async (t) => {
  for (const [name, members, badCount, isMember] of MEMBERS) {
    const provider = await provide(t, {
      files: store([group('g', members), group('h', [member('Patient/out')])]),
    })
    const { resources, issues } = await provider.export('/Group/g/$export?_type=Patient,Group')
    t.same(resources, isMember ? ['Group/g', 'Patient/in'] : ['Group/g'], name)
    t.equal(resources.includes('Patient/in'), isMember, name)
    t.match(issues.join(), badCount === 0 ? /^$/ : `${badCount} members of the group could not be read`, name)
    t.same(
      (await provider.export('/Group/h/$export?_type=Patient')).resources,
      ['Patient/out'],
      `${name}: the other`,
    )
  }
})

t.test('patients that are not active members, or unknown, are 400 with an OperationOutcome', async (t) => {
  const members = [member('Patient/in'), member('Patient/old', { inactive: true })]
  const provider = await provide(t, { files: store([group('g', members)], [resource('Patient', 'old')]) })
  for (const [ids, status, text] of [
    [['in'], 202, 'queued'],
    [['out'], 400, '1 of the patients are not active members'],
    [['in', 'out', 'old'], 400, '2 of the patients are not active members'],
    [['nobody'], 400, '1 of the patients are unknown'],
    [['in', 'nobody'], 400, '1 of the patients are unknown'],
  ] as const) {
    const patients = ids.map((id) => ({ name: 'patient', valueReference: to(`Patient/${id}`) }))
    const response = await provider.kickOff('/Group/g/$export', parametersOf(...patients))
    t.equal(response.status, status, ids.join())
    t.match(await outcomeText(response), text)
  }
})

const SUPPORT: readonly string[] = [
  resource('Practitioner', 'gp'),
  resource('Practitioner', 'performer'),
  resource('Practitioner', 'of-out'),
  resource('Practitioner', 'nobodys'),
  resource('Practitioner', 'urn'),
  resource('Practitioner', 'with-patient', { extension: [{ url: 'x', valueReference: to('Patient/out') }] }),
  resource('Organization', 'org'),
  resource('Organization', 'nobodys'),
  resource('Location', 'ward'),
  resource('Medication', 'pill'),
  resource('Patient', 'cared', {
    generalPractitioner: [to('Practitioner/gp')],
    managingOrganization: to('Organization/org'),
  }),
  resource('Observation', 'o1', {
    subject: to('Patient/cared'),
    performer: [
      to('https://example.org/fhir/Practitioner/performer/_history/2'),
      to('urn:uuid:urn'),
      to('Practitioner/with-patient'),
    ],
  }),
  resource('Encounter', 'e1', {
    subject: to('Patient/cared'),
    location: [{ location: to('Location/ward') }],
  }),
  resource('MedicationRequest', 'm1', {
    subject: to('Patient/cared'),
    medicationReference: to('Medication/pill'),
  }),
  resource('Observation', 'o2', { subject: to('Patient/out'), performer: [to('Practitioner/of-out')] }),
]

t.test(
  'supporting types are exported where they are asked for, and just those the patients’ resources name',
  async (t) => {
    const provider = await provide(t, { files: store([group('g', [member('Patient/cared')])], SUPPORT) })
    const named = ['Practitioner/gp', 'Practitioner/performer', 'Practitioner/urn']
    for (const [query, expected] of [
      ['Practitioner', named],
      ['Patient,Practitioner', ['Patient/cared', ...named]],
      ['Organization,Location,Medication', ['Location/ward', 'Medication/pill', 'Organization/org']],
    ] as const)
      t.same((await provider.export(`/Group/g/$export?_type=${query}`)).resources, expected, query)
    t.same(
      (await provider.export('/Patient/$export?_type=Practitioner')).resources,
      [...named, 'Practitioner/of-out', 'Practitioner/with-patient'].sort(),
      'of all patients',
    )
    const all = (await provider.export('/Group/g/$export')).resources
    t.notOk(
      all.some((name) => /^(?:Practitioner|Organization|Location|Medication)\//.test(name)),
      'not unasked',
    )
  },
)
