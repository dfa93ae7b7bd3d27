import t from 'tap'
import { currentText, currentValue, sourceText } from '../../../src/anonymizer/interpreter/node-text.js'
import { elementTree } from '../../../src/fhir/elements.js'
import { parseTree } from '../../../src/fhir/parse-tree.js'

function nodeAt(members: string, name: string) {
  const source = Buffer.from(`{"resourceType":"Patient",${members}}`)
  const tree = parseTree(elementTree('R4'), source, 0, source.length)
  const node = tree?.root.body?.children.find((child) => child.name === name)
  if (node === undefined) throw new Error(`no ${name}`)
  return { node, source }
}

t.test('the text of a value is what the original reads', async (t) => {
  for (const [members, name, text] of [
    ['"gender":" m\\u00e4le\\n"', 'gender', 'mäle'],
    ['"active":true', 'active', 'True'],
    ['"active":false', 'active', 'False'],
    ['"multipleBirthInteger":2', 'multipleBirth', '2'],
    ['"name":[{"family":"a"}]', 'name', undefined],
    ['"_gender":{"id":"x"}', 'gender', undefined],
  ] as const) {
    const { node, source } = nodeAt(members, name)
    t.equal(sourceText(node, source), text, members)
    t.equal(currentText(node, source), text, members)
  }
})

t.test('the current text is that of the value that a rule wrote', async (t) => {
  const { node, source } = nodeAt('"gender":"male"', 'gender')
  node.replaced = '"a\\"b"'
  t.equal(currentText(node, source), 'a"b')
  t.match(currentValue(node, source), { kind: 'string', text: 'a"b' })
  node.replaced = '12'
  t.equal(currentText(node, source), '12')
  node.replaced = null
  t.equal(currentText(node, source), undefined)
  t.equal(currentValue(node, source), undefined)
  t.equal(sourceText(node, source), 'male')
})
