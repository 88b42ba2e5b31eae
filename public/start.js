// Starts the page. The names below are replaced by those of the build.
import init from '/listen.js'
globalThis.siderealAssets = {
  engine: '/engine-worker.js',
  library: '/library-worker.js',
  pcm: '/pcm-processor.js',
}
init().catch((error) => {
  const problem = document.getElementById('problem')
  problem.hidden = false
  problem.append(String(error))
})
