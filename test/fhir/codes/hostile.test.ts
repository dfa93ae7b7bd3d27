// What a person might type where a code belongs, as a code of every url of every set. The table is exact: a value that
// is not in it survives nowhere.
import t from 'tap'
import { SINGLE_SETS } from '../../../src/fhir/codes/sets.js'

const REFUSED_EVERYWHERE = `SMITH JOHN MRN 4242
pt John Smith fell at 12 Foxglove Rd
tab for John Smith
John Smith 617-555-0199
Smith
John
SMITH
Mary
Xavier
Max
Kim
smith
Smith-John
O'Brien
Müller
617-555-0199
(617) 555-0199
617.555.0199
+16175550199
6175550199
16175550199
5550199
123-45-6789
12-345-6789
02139-4307
021394307
1987-06-05
06/05/1987
05.06.1987
19870605
06051987
1987-06-05T10:20:30Z
john.smith@example.com
http://emr.example.com/Patient/1
192.168.0.1
25025010405
MRN4242
MRN-0042421
A-1234567
AB123456C
943 476 5919
9434765919
M1234567
A123456
4242421
120/80
120.5.1
1HGCM82633A004352
550e8400-e29b-41d4-a716-446655440000
0123456789012345678901234567890123456789
42.360091
SW1A 1AA
K1A 0B1
x-john-smith
en-x-john
{John Smith}
[John Smith]
mg{John Smith}
urn:uuid:550e8400-e29b-41d4-a716-446655440000
1.2.840.113619.2.55.3.604688119`.split('\n')

/** Values that have the form of real codes: nothing but a complete list could tell them apart. */
const SURVIVES: Readonly<Record<string, readonly string[]>> = {
  // ZIP codes, and postal codes of Germany and France.
  '10001': ['research', 'rxnorm', 'uk'],
  '02139': ['uk'],
  '75001': ['research', 'rxnorm', 'cpt', 'hcpcs', 'uk'],
  // Local record numbers.
  '4242': ['research', 'rxnorm'],
  '424242': ['research', 'rxnorm'],
  D1234: ['icd', 'icd-10-cm', 'hcpcs', 'us-billing', 'uk'],
  // Telephone numbers without their area code.
  '2120199': ['rxnorm'],
  '0210093': ['icd-10-pcs'],
  // One of eleven numbers of eight digits has the check digit of a Pharmazentralnummer.
  '12345678': ['germany'],
  '0123-4567-89': ['ndc'],
  // Initials, short names, ages, years, temperatures.
  JS: ['hl7', 'cpt', 'hcpcs', 'us-billing', 'blue-button'],
  JOE: ['germany'],
  J45: ['icd', 'icd-10-cm', 'germany', 'uk', 'australia', 'canada'],
  '85': [
    'hl7',
    'rxnorm',
    'cvx',
    'cpt',
    'hcpcs',
    'us-billing',
    'cdc-race-ethnicity',
    'blue-button',
    'germany',
    'uk',
  ],
  '1987': ['research', 'rxnorm', 'germany'],
  '98.6': ['icd-9-cm'],
  SMIT1: ['uk'],
}

const survivors = (value: string): readonly string[] =>
  SINGLE_SETS.filter(({ systems }) => systems().some(({ accepts }) => accepts(value))).map(({ name }) => name)

t.test('typed text, names, numbers of people and addresses survive in no set', async (t) => {
  for (const value of REFUSED_EVERYWHERE) t.strictSame(survivors(value), [], value)
})

t.test('short words and short numbers survive where codes look like them, and nowhere else', async (t) => {
  for (const [value, sets] of Object.entries(SURVIVES)) t.strictSame(survivors(value), sets, value)
})
