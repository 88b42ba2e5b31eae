// Starts the operator's page. The names below are replaced by those of the build.
globalThis.siderealAssets = {
  engine: '/engine-worker.js',
  german: '/lang/de.po',
  germanMore: '/lang/admin.de.po',
  library: '/library-worker.js',
  pcm: '/pcm-processor.js',
  swarm: '/swarm-worker.js',
  visuals: '/visuals-worker.js',
}
const fail = (error) => {
  const problem = document.getElementById('problem')
  if (!problem) return
  const reason = document.createElement('p')
  reason.className = 'boot-reason'
  reason.textContent = String(error)
  problem.append(reason)
  problem.hidden = false
  document.getElementById('wait').hidden = true
}
const start = (page) => {
  // The loader of the page's second part asks for it.
  globalThis.siderealPage = page
  return page.default()
}
import('/admin.js').then(start).catch(fail)
