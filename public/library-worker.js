// Starts the library and tells the page when it dies.
import init from '/library.js'
const died = (reason) => {
  postMessage({ died: String(globalThis.siderealPanic ?? reason) })
  close()
}
addEventListener('error', (event) => {
  event.preventDefault()
  died(event.message)
})
addEventListener('unhandledrejection', (event) => died(event.reason))
init().catch(died)
