// Prints the tasks of a job for `az batch task create --json-file`: task.json as often as told, numbered.
//
//   node examples/azure-batch/tasks.js 8 > tasks.json

import { readFileSync } from 'node:fs'

const count = Number(process.argv[2])
if (!Number.isSafeInteger(count) || count < 1) {
  console.error('usage: node tasks.js COUNT > tasks.json')
  process.exit(2)
}
const task = JSON.parse(readFileSync(new URL('task.json', import.meta.url), 'utf8'))
const tasks = Array.from({ length: count }, (_, k) => ({ ...task, id: `task-${k + 1}` }))
console.log(JSON.stringify(tasks, null, 2))
