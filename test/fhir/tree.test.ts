import t from 'tap'
import { elementTree } from '../../src/fhir/elements.js'
import { Body, pathOf, TreeNode } from '../../src/fhir/tree.js'

const type = elementTree('R4').resources.get('Patient')

t.test('a path has the resource type first, then element names only', async (t) => {
  if (type === undefined) return t.fail('R4 has Patient')
  const root = new TreeNode('', type, undefined)
  const contact = new TreeNode('contact', type, root)
  t.equal(pathOf(root), 'Patient')
  t.equal(pathOf(new TreeNode('name', type, contact)), 'Patient.contact.name')
})

t.test('paths see values, faulty nodes, and whatever has a child that they see', async (t) => {
  if (type === undefined) return t.fail('R4 has Patient')
  const node = (kind: TreeNode['kind'], ...children: TreeNode[]) => {
    const made = new TreeNode('x', type, undefined)
    made.kind = kind
    made.body = new Body()
    made.body.children.push(...children)
    return made
  }
  for (const kind of ['string', 'number', 'boolean', 'object', 'fault'] as const)
    t.ok(node(kind).isReal, kind)
  for (const kind of ['null', 'empty', 'none'] as const) {
    t.notOk(node(kind).isReal, kind)
    t.notOk(node(kind, node('null')).isReal, `${kind} around nothing`)
    t.ok(node(kind, node('string')).isReal, `${kind} around a value`)
    const replaced = node(kind)
    replaced.replaced = '"x"'
    t.ok(replaced.isReal, `${kind} with a written value`)
    const faulty = node(kind)
    faulty.isFaulty = true
    t.ok(faulty.isReal, `${kind} with a fault`)
  }
})
