import { UNCHANGED } from './leaf.js'
import { method } from './method.js'

export const keep = method({
  name: 'keep',
  summary: 'leaves the value as it is and protects it from later rules',
  settings: {},
  records: [],
  reach: 'values',
  changesNothing: true,
  compile: () => () => UNCHANGED,
  walk: () => 'keep',
  resultOf: () => 'kept',
})
