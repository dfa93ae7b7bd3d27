import { Edge, EdgeTable, type PairTables } from './edges.js'
import { ACT, PAIR_FLAG } from './layout.js'

/** Returns the tables of a pair; undefined if a rule does with one of the two what only the interpreter can follow. */
export function pairTables(kept: EdgeTable): PairTables | undefined {
  const system = fateOf(kept, 'system')
  const code = fateOf(kept, 'code')
  if (system === 'unsure' || code === 'unsure') return undefined
  // A code is judged with the system that a rule wrote.
  if (system === 'written' && code === 'left') return undefined
  const flags =
    (system === 'left' ? PAIR_FLAG.JUDGES_SYSTEM : 0) | (code === 'left' ? PAIR_FLAG.JUDGES_CODE : 0)
  const refused = new EdgeTable(kept.type, (key) => {
    const edge = kept.edge(key)
    return edge && refusedEdge(edge)
  })
  return { kept, refused, flags }
}

/** What the rules do with a part of a pair. */
type Fate = 'left' | 'removed' | 'written' | 'unsure'

function fateOf(table: EdgeTable, key: string): Fate {
  const act = table.edge(key)?.facts.act
  if (act === ACT.KEEP_STRING) return 'left'
  if (act === ACT.DROP) return 'removed'
  return act === ACT.HASH || act === ACT.HASH_REFERENCE ? 'written' : 'unsure'
}

/** Returns the edge of a refused pair: system and code go, unless a rule wrote them, and their `_` properties with them. */
function refusedEdge(edge: Edge): Edge {
  const { key, facts } = edge
  if (key === '_system' || key === '_code') return new Edge(key, { ...facts, act: ACT.BAIL })
  if ((key === 'system' || key === 'code') && facts.act === ACT.KEEP_STRING)
    return new Edge(key, { ...facts, act: ACT.DROP })
  return edge
}
