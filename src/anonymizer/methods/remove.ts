import { REMOVED } from './leaf.js'
import { method } from './method.js'

export const remove = method({
  name: 'remove',
  summary:
    'removes the element with everything in it, resources included: Bundle entries, contained resources, parameters',
  settings: {},
  records: ['REDACT'],
  reach: 'element',
  takesAway: true,
  compile: () => () => REMOVED,
  resultOf: () => 'removed',
})
