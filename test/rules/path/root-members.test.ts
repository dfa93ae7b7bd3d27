import t from 'tap'
import { parseExpression } from '../../../src/rules/path/parser.js'
import { rootMembers } from '../../../src/rules/path/root-members.js'

t.test('the elements that an expression may look at', async (t) => {
  const expressions: Readonly<Record<string, readonly string[] | undefined>> = {
    "name.where(use = 'none' and family.length() > 99)": ['name'],
    '(name | telecom.first()).where($this is HumanName).given[0]': ['name', 'telecom'],
    "name.where(use = 'x').exists() or active = true": ['name', 'active'],
    'name.skip(multipleBirth)': ['name', 'multipleBirth'],
    "extension('u')": undefined,
    'descendants()': undefined,
    'name.where(%resource.active)': undefined,
    'Patient.name': undefined,
    'name.combine($this.telecom)': undefined,
    '`na*`.family': undefined,
  }
  for (const [text, names] of Object.entries(expressions)) {
    const found = rootMembers(parseExpression(text))
    t.strictSame(found && [...found].sort(), names && [...names].sort(), text)
  }
})
