import type { Place } from './place.js'

/** Codes of required bindings that people write into conditions; the element tree has none. */
const BOUND: Readonly<Record<string, string>> = {
  'HumanName.use': 'usual official temp nickname anonymous old maiden',
  'Identifier.use': 'usual official temp secondary old',
  'Address.use': 'home work temp old billing',
  'Address.type': 'postal physical both',
  'ContactPoint.system': 'phone fax email pager url sms other',
  'ContactPoint.use': 'home work temp old mobile',
  'Narrative.status': 'generated extensions additional empty',
  'Quantity.comparator': '< <= >= > ad',
  'Patient.gender': 'male female other unknown',
  'Patient.contact.gender': 'male female other unknown',
  'Person.gender': 'male female other unknown',
  'Practitioner.gender': 'male female other unknown',
  'RelatedPerson.gender': 'male female other unknown',
}

/** The codes that a place may hold, where its binding is known. */
export const codesOf = ({ name, parent }: Place): readonly string[] | undefined =>
  parent === undefined ? undefined : BOUND[`${parent.type.id}.${name}`]?.split(' ')
