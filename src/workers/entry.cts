import threads = require('node:worker_threads')

// Piscina loads its entry with `require`. Node 20 aborts the whole process when a thread is ended while it requires
// an ES module (a small run ends while its last worker is still starting), so this is CommonJS and imports the rest.
type Answer = (task: unknown) => Promise<unknown>

// Piscina awaits the export `default` of an ES module before it waits for tasks. While it waits, nothing else happens in
// the thread: an import that is under way would stand still until the first task arrives.
export = {
  __esModule: true,
  default: import((threads.workerData as { module: string }).module).then(
    (module: { default: Answer }) => module.default,
    // The first task reports it.
    (error: unknown): Answer =>
      () =>
        Promise.reject(error),
  ),
}
