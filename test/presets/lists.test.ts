// Holds the lists that scripts/presets/ writes into the presets.
import t from 'tap'
import { KEPT_ELEMENTS } from '../../scripts/presets/kept-elements.js'
import { reachedTypes } from '../../scripts/presets/reached-types.js'
import { UNITS_OF_MEASURE } from '../../scripts/presets/units.js'
import { POPULATED_PREFIXES, populatedZipPattern } from '../../scripts/presets/zip-codes.js'
import { codeVerdicts } from '../../src/fhir/codes/code-verdicts.js'
import { elementTree } from '../../src/fhir/elements.js'

/** Areas of the 2020 census with 20,000 inhabitants or fewer. */
const SMALL = '036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893'.split(' ')
/** Prefixes that the Postal Service assigned in the states, without inhabitants. */
const EMPTY =
  '005 055 192 311 332 375 399 459 509 555 569 649 733 842 876 885 889 901 938 942 000 090 340 962'.split(' ')

t.test('the pattern of ZIP codes matches the 876 areas with more than 20,000 inhabitants', async (t) => {
  t.equal(POPULATED_PREFIXES.size, 876)
  for (const prefix of [...SMALL, ...EMPTY]) t.notOk(POPULATED_PREFIXES.has(prefix), prefix)
  const pattern = new RegExp(populatedZipPattern())
  for (let number = 0; number < 1_000; number++) {
    const prefix = String(number).padStart(3, '0')
    t.equal(pattern.test(`${prefix}01`), POPULATED_PREFIXES.has(prefix), prefix)
    t.equal(pattern.test(`${prefix}01-2345`), POPULATED_PREFIXES.has(prefix), prefix)
  }
  for (const other of [
    '021',
    '0213',
    '02139-',
    '02139-12',
    '021391',
    '02139-12345',
    'x02139',
    '02139 ',
    '０2139',
  ])
    t.notMatch(other, pattern)
})

const TIME = /^([afpnumcdhkMGTPEZY]|da|[KMGT]i)?(a|a_j|a_t|a_g|mo|mo_s|mo_j|mo_g|wk|d|h|min|s)$/
/** Atoms that a prefix and a unit of time make by their letters only: pascal, candela and the like. */
const OTHER = new Set(['cd', 'Pa', 'pa', 'Gd'])

t.test('no unit of measure is one of time, and each is valid', async (t) => {
  const { pair } = codeVerdicts({ allow: ['ucum'], grammar: true }, 'R4')
  for (const unit of UNITS_OF_MEASURE) {
    t.ok(pair('http://unitsofmeasure.org', unit), unit)
    const atoms = unit.replace(/\{[^}]*\}/g, '').split(/[./*()]|(?<=[a-z])-?\d+/)
    const isTime = !unit.includes('/') && atoms.some((atom) => TIME.test(atom) && !OTHER.has(atom))
    if (isTime) t.match(unit, /^dyn\.s/, `${unit} is more than a time`)
  }
  t.equal(new Set(UNITS_OF_MEASURE).size, UNITS_OF_MEASURE.length)
})

t.test('every kept element exists in a version', async (t) => {
  const trees = (['STU3', 'R4', 'R5'] as const).map(elementTree)
  for (const [type, elements] of Object.entries(KEPT_ELEMENTS))
    for (const element of elements)
      t.ok(
        trees.some((tree) => reachedTypes(tree, `${type}.${element}`).length > 0),
        `${type}.${element}`,
      )
})
