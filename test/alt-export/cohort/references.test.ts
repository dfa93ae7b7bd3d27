// Holds src/alt-export/cohort/members.ts.

import t from 'tap'
import { membersOf } from '../../../src/alt-export/cohort/members.js'
import { parseReference, patientLinks } from '../../../src/alt-export/cohort/references.js'

const base = new URL('https://fhir.example.org/r4/')
const to = (reference: unknown) => ({ reference })

t.test('references of every form lead to their patient, or say why not', async (t) => {
  const table: readonly (readonly [unknown, object])[] = [
    [to('Patient/a'), { id: 'a' }],
    [to('/Patient/a'), { id: 'a' }],
    [to('Patient/a/_history/3'), { id: 'a' }],
    [to('https://fhir.example.org/r4/Patient/a'), { id: 'a' }],
    [to('https://fhir.example.org/r4/Patient/a/_history/2'), { id: 'a' }],
    [to('https://FHIR.example.org:443/r4/Patient/a'), { id: 'a' }],
    [to('https://fhir.example.org/other/Patient/a'), { without: 'elsewhere' }],
    [to('http://fhir.example.org/r4/Patient/a'), { without: 'elsewhere' }],
    [to('https://elsewhere.example.org/r4/Patient/a'), { without: 'elsewhere' }],
    [to('urn:uuid:0c1b7c1e-4c5e-4a55-b6f2-0d2ad2f6c4b3'), { without: 'elsewhere' }],
    [to('Patient?identifier=x'), { without: 'elsewhere' }],
    [to('Patient/'), { without: 'elsewhere' }],
    [to('#p'), { without: 'contained' }],
    [to('RelatedPerson/a'), { without: 'other-type' }],
    [to(''), { without: 'missing' }],
    [to(7), { without: 'missing' }],
    [{ identifier: { value: 'x' } }, { without: 'missing' }],
    ['Patient/a', { without: 'missing' }],
    [null, { without: 'missing' }],
    [undefined, { without: 'missing' }],
  ]
  for (const [subject, expected] of table)
    t.strictSame(patientLinks({ subject }, 'subject', base), [expected], JSON.stringify(subject))
})

t.test('a list of references leads to each of them', async (t) => {
  const participant = [to('Patient/a'), to('Patient/b'), to('#c')]
  t.strictSame(patientLinks({ participant }, 'participant', base), [
    { id: 'a' },
    { id: 'b' },
    { without: 'contained' },
  ])
  t.strictSame(patientLinks({ participant: [] }, 'participant', base), [{ without: 'missing' }])
})

t.test('id is that of the resource itself', async (t) => {
  t.strictSame(patientLinks({ id: 'a' }, 'id', base), [{ id: 'a' }])
  for (const id of [undefined, '', 7])
    t.strictSame(patientLinks({ id }, 'id', base), [{ without: 'missing' }])
})

t.test('a reference is parsed only if it is one', async (t) => {
  t.strictSame(parseReference('Group/g', base), { type: 'Group', id: 'g' })
  for (const text of ['g', 'group/g', 'Group/g/x', 'Group/g?x', 'Group/g#x', `Group/${'x'.repeat(201)}`])
    t.equal(parseReference(text, base), undefined, text)
})

t.test('members are patients and groups that are active and in their period', async (t) => {
  const now = new Date('2026-11-30T12:00:00Z')
  const kindOf = (member: object): unknown => {
    const [found] = membersOf({ member: [member] }, base, now)
    return found?.kind === 'none' ? found.why : found?.kind
  }
  const entity = to('Patient/a')
  const table: readonly (readonly [object, string])[] = [
    [{ entity }, 'patient'],
    [{ entity, inactive: false }, 'patient'],
    [{ entity, inactive: true }, 'inactive'],
    [{ entity, period: { end: '2026-11-30T11:59:59Z' } }, 'not-in-period'],
    [{ entity, period: { end: '2026-11-30T12:00:01Z' } }, 'patient'],
    [{ entity, period: { end: '2026-11-30' } }, 'patient'],
    [{ entity, period: { end: '2026-11-29' } }, 'not-in-period'],
    [{ entity, period: { end: '2026-11' } }, 'patient'],
    [{ entity, period: { end: '2026-10' } }, 'not-in-period'],
    [{ entity, period: { end: '2026' } }, 'patient'],
    [{ entity, period: { end: '2025' } }, 'not-in-period'],
    [{ entity, period: { start: '2026-12-01' } }, 'not-in-period'],
    [{ entity, period: { start: '2020', end: '2030' } }, 'patient'],
    [{ entity, period: { start: 'soon', end: 'never' } }, 'patient'],
    [{ entity: to('Group/g') }, 'group'],
    [{ entity: to('Practitioner/a') }, 'other-type'],
    [{ entity: to('#a') }, 'contained'],
    [{ entity: to('http://elsewhere/Patient/a') }, 'elsewhere'],
    [{ entity: {} }, 'missing'],
    [{}, 'missing'],
  ]
  for (const [member, expected] of table) t.equal(kindOf(member), expected, JSON.stringify(member))
  for (const member of [undefined, {}, 'x']) t.strictSame(membersOf({ member }, base, now), [])
})
