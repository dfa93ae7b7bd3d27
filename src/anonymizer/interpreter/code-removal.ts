import type { CodeVerdicts } from '../../fhir/codes/code-verdicts.js'
import type { Tree, TreeNode } from '../../fhir/tree.js'
import { stringText } from '../../json/scanner.js'
import { definitionPath, isPair, isSoleCode } from '../code-places.js'
import { detach } from './node-changes.js'

/** What the removal of codes did in a line. */
export interface CodeRemoval {
  /** The resources that lost codes, those in other resources before these. */
  readonly losers: readonly TreeNode[]
  /** Number of removed codes, by the name of their system or by their element. */
  readonly counts: ReadonlyMap<string, number>
}

/**
 * Removes the codes of a tree that may not stay, after the rules (law 18). It judges what the rules left as it was: the
 * system and the code of a pair together, any other code by its element.
 */
export function removeCodes({ root, source }: Tree, verdicts: CodeVerdicts): CodeRemoval {
  const losers: TreeNode[] = []
  const counts = new Map<string, number>()
  const count = (name: string): void => {
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const removesPair = (pair: TreeNode): boolean => {
    const system = partOf(pair, 'system')
    const code = partOf(pair, 'code')
    // A code that a rule wrote is not judged, but its system is.
    const isJudged = isLeft(system) || isLeft(code)
    const systemText = system && textOf(system, source)
    const codeText = isLeft(code) ? textOf(code, source) : undefined
    if (!isJudged || verdicts.pair(systemText, codeText)) return false
    count(verdicts.countedAs(systemText))
    for (const part of [system, code])
      if (part !== undefined && typeof part.replaced !== 'string') detach(part)
    return true
  }
  const removesCode = (parent: TreeNode, code: TreeNode): boolean => {
    const text = isLeft(code) ? textOf(code, source) : undefined
    const element = definitionPath(parent.type, code.name)
    if (text === undefined || verdicts.code(element, text)) return false
    count(element)
    detach(code)
    return true
  }
  const visit = (node: TreeNode): boolean => {
    let loses = isPair(node.type) && removesPair(node)
    for (const child of node.body?.children ?? []) {
      if (!isVisited(child)) continue
      if (isSoleCode(node.type, child) && removesCode(node, child)) loses = true
      else if (visit(child)) loses = true
    }
    if (loses && node.isResource) losers.push(node)
    return loses
  }
  visit(root)
  return { losers, counts }
}

const partOf = (pair: TreeNode, name: string): TreeNode | undefined =>
  pair.body?.children.find((child) => child.name === name && !child.detached)

/** Whether the rules left the value as it was. */
const isLeft = (node: TreeNode | undefined): node is TreeNode =>
  node !== undefined && node.kind === 'string' && node.replaced === undefined

/** Whether anything of the element is still what the source had. */
const isVisited = ({ detached, replaced, type }: TreeNode): boolean =>
  !detached && (replaced === undefined || type.jsonKind !== 'object')

/** Returns the text as it will be written, with the white space at its ends; undefined if there is none. */
function textOf({ kind, replaced, start, end }: TreeNode, source: Buffer): string | undefined {
  if (replaced === undefined) return kind === 'string' ? stringText(source, start, end) : undefined
  return replaced === null ? undefined : String(JSON.parse(replaced))
}
