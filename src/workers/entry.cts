import threads = require('node:worker_threads')

// Piscina loads its entry with `require`. Node 20 aborts the whole process when a thread is ended while it requires
// an ES module (a small run ends while its last worker is still starting), so this is CommonJS and imports the rest.
type Answer = (task: unknown) => Promise<unknown>

// Before the first task arrives: the run has other things to do until then.
const answer = import((threads.workerData as { module: string }).module).then(
  (module: { default: Answer }) => module.default,
)
// The first task reports it.
answer.catch(() => {})

export = async (task: unknown): Promise<unknown> => (await answer)(task)
