import t from 'tap'
import { isTextFault, isYamlName, readConfigText } from '../../../src/config/text/config-text.js'

t.test('the name decides between YAML and JSON, also before a query', async (t) => {
  for (const name of ['a.yaml', 'A.YML', 'https://account/container/a.yaml?sig=x', 'a.yml#b'])
    t.ok(isYamlName(name), name)
  for (const name of ['a.json', 'yaml', 'a.yaml.json', 'a.json?x=.yaml']) t.notOk(isYamlName(name), name)
})

t.test('both give the same value', async (t) => {
  const json = readConfigText('{"a": [1, {"b": null}]}', 'a.json')
  const yaml = readConfigText('a:\n  - 1\n  - b: null\n', 'a.yaml')
  if (isTextFault(json) || isTextFault(yaml)) return t.fail('both are valid')
  t.same(json.value, { a: [1, { b: null }] })
  t.same(yaml.value, json.value)
})

t.test('a fault has its place, and YAML under another name a hint', async (t) => {
  const json = readConfigText('{\n  "a": \n}', 'a.json')
  t.match(json, { place: 'line 3, column 1', message: /^is not valid JSON: / })
  const yaml = readConfigText('a:\n\t- 1', 'a.yaml')
  t.match(yaml, { place: /^line 2, column \d+$/, message: /^is not valid YAML: / })
  t.match(readConfigText('fhirVersion: R4\n', 'a.json'), { message: /\.yaml or \.yml$/ })
  t.notMatch(readConfigText('{', 'a.json'), { message: /yaml/ })
})
