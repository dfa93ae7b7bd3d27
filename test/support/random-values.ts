import type { Random } from './random.js'

// JSON texts (with quotes) of primitive values by FHIR type: ordinary ones, borders, and what a parser may stumble over.

const DATES = [
  '2015',
  '2015-02',
  '2015-02-07',
  '1925-02-07',
  '1936-11-21',
  '1937-11-21',
  '1937-11-22',
  '2000-02-29',
]
const TIMES = ['T13:28:17', 'T13:28:17.12345', 'T00:00:00.000', 'T23:59:59.9', 'T13:28', 'T13']
const OFFSETS = ['Z', '+00:00', '-05:00', '+14:00', '+08:00', '']
const BAD_DATES = [
  '2015-02-30',
  '0000-01-01',
  'unknown',
  '2015-13',
  '2015-02-07T25:00:00Z',
  '20150207',
  '2015-2-7',
]
const NUMBERS = ['0', '1', '42', '89', '90', '92', '-5', '123456789', '2147483648', '99999999999999999999']
const DECIMALS = [
  '1.50',
  '45.5',
  '45.0',
  '0.10',
  '-0.0',
  '1e2',
  '1E-7',
  '2.5e+3',
  '1234567.891',
  '-72.5',
  '0.1000',
]
const REFERENCES = [
  'Patient/034AB16',
  '#p1',
  '#',
  'http://example.org/fhir/Observation/apo89654/_history/2',
  'https://my-server.org/fhir/Patient/1',
  'urn:uuid:c757873d-ec9a-4326-a141-556f43239520',
  'urn:oid:1.2.3.4.5',
  'Patient?identifier=a|b',
  'Practitioner/x',
]
const ZIPS = ['98052', '20301', '98028-1830', '12', 'K1A 0B1', '٩٨٠٥٢', '55602']
const CODES = ['REDACTED', 'redacted', 'MASKED', 'CRYTOHASH', 'PERTURBED', 'home', 'official', 'a', 'final']
const MORE_CODES = ['8480-6', '8480-5', '73211009', 'mm[Hg]', 'kg', 'male', 'Anna Smith', '123456789']
/** Systems of codings and quantities, as JSON texts. */
const SYSTEMS = [
  '"http://loinc.org"',
  '"http:\\/\\/loinc.org"',
  '"http://snomed.info/sct"',
  '"http://unitsofmeasure.org"',
  '"http://terminology.hl7.org/CodeSystem/v3-ActCode"',
  '"http://example.org/a"',
  '"urn:oid:2.16.840.1.113883.6.1"',
  '"urn:oid:1.2.3"',
]
const URIS = ['http://example.org/a', 'urn:oid:1.2.3', 'http://x/y#z', 'Patient/1', 'http://test/ext']
const TEXTS = [
  'Peter',
  'a',
  'O\u2019Brien',
  'Żółć',
  '東京',
  '😀 and more',
  'line one and two',
  '  ends  ',
  'x\u0085',
  '\ufeffbom',
]
// Written as they are: escapes of every kind, also what JSON allows and UTF-8 does not.
const ESCAPED = [
  '"\\u0041bc"',
  '"a\\/b"',
  '"tab\\there"',
  '"quote\\"d"',
  '"back\\\\slash"',
  '"\\ud83d\\ude00"',
  '"\\ud800 alone"',
  '"\\u0000"',
  '"\\u2028\u2028"',
  '"{[,:]}"',
  '"\\\\"',
]

const BLANK = ['""', '" "', '"\\u0020\\t"', '"\u00a0"', '"\u3000\u0085"', '"\ufeff"']

/** The JSON text of a value of a primitive type (`calm`: no null, nothing blank); `place` is the element's name, its parent's type before a dot. */
export function randomPrimitive(random: Random, type: string, place: string, calm = false): string {
  if (!calm && random.chance(0.02)) return 'null'
  switch (type) {
    case 'boolean':
      return random.pick(['true', 'false'])
    case 'integer':
    case 'positiveInt':
    case 'unsignedInt':
      return random.chance(0.05) ? random.pick(DECIMALS) : random.pick(NUMBERS)
    case 'decimal':
      return random.chance(0.4) ? random.pick(NUMBERS) : random.pick(DECIMALS)
    case 'date':
      return quoted(random.chance(0.05) ? random.pick(BAD_DATES) : random.pick(DATES))
    case 'dateTime':
    case 'instant':
      return quoted(random.chance(0.05) ? random.pick(BAD_DATES) : randomDateTime(random))
    case 'time':
      return quoted(random.pick(['13:28:17', '00:00:00.000', '13:28']))
    case 'base64Binary':
      return quoted(random.pick(['SGVsbG8=', 'AAAA', 'SGVs bG8=']))
    case 'xhtml':
      return quoted('<div xmlns="http://www.w3.org/1999/xhtml"><p>Peter</p></div>')
    default:
      return randomText(random, type, place, calm)
  }
}

const quoted = (text: string): string => JSON.stringify(text)

const randomDateTime = (random: Random): string =>
  random.chance(0.3)
    ? random.pick(DATES)
    : random.pick(DATES.slice(2)) + random.pick(TIMES) + random.pick(OFFSETS)

function randomText(random: Random, type: string, place: string, calm: boolean): string {
  if (random.chance(calm ? 0.06 : 0.12)) return random.pick(calm ? ESCAPED : [...ESCAPED, ...BLANK])
  if (random.chance(0.01)) return quoted('long '.repeat(random.between(10, 300)))
  if (place === 'Reference.reference') return quoted(random.pick(REFERENCES))
  if (place.endsWith('.postalCode')) return quoted(random.pick(ZIPS))
  if (type === 'code') return quoted(random.pick(random.chance(0.5) ? CODES : MORE_CODES))
  if (/^(?:Coding|Quantity|Age|Duration)\.system$/.test(place)) return random.pick(SYSTEMS)
  if (type === 'id') return quoted(random.pick(['example', 'a-1', 'x'.repeat(64), '1']))
  if (['uri', 'url', 'canonical', 'oid', 'uuid'].includes(type)) return quoted(random.pick(URIS))
  return quoted(random.pick(random.chance(0.8) ? TEXTS : [...CODES, ...DATES, ...NUMBERS]))
}
