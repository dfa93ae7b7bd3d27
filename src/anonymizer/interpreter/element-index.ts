import type { TreeNode } from '../../fhir/tree.js'
import type { CompiledRule } from '../program.js'

/**
 * The elements below a resource, by the types and names that rules select. It includes child resources, but not the
 * resource itself or the contents of child resources. It is built once per turn: it misses elements that an earlier
 * rule inserted and still has those that one removed.
 */
export class ElementIndex {
  readonly byType = new Map<string, TreeNode[]>()
  readonly byName = new Map<string, TreeNode[]>()

  constructor(resource: TreeNode, rules: readonly CompiledRule[]) {
    for (const { path } of rules) {
      if (path.form.kind === 'byType') this.byType.set(path.form.name, [])
      else if (path.form.kind === 'byName') this.byName.set(path.form.name, [])
    }
    this.#addBelow(resource)
  }

  #addBelow(node: TreeNode): void {
    if (node.body === undefined) return
    for (const child of node.body.children) {
      if (!child.isReal) continue
      this.byType.get(child.type.name)?.push(child)
      this.byName.get(child.name)?.push(child)
      if (!child.isResource) this.#addBelow(child)
    }
  }
}

/**
 * Returns the elements that the step of a form such as `nodesByType('T').step` selects from an element of the index.
 */
export function stepFrom(node: TreeNode, step: string): readonly TreeNode[] {
  const first = step.charCodeAt(0)
  if (first >= 65 && first <= 90)
    return step === node.type.name || step === 'Resource' || step === 'DomainResource' ? [node] : []
  return node.body?.children.filter((child) => child.name === step && child.isReal && !child.detached) ?? []
}
