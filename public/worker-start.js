// Starts a worker's module and tells the page when it dies.
const died = (reason) => {
  postMessage({ died: String(globalThis.siderealPanic ?? reason) })
  close()
}
addEventListener('error', (event) => {
  event.preventDefault()
  died(event.message)
})
addEventListener('unhandledrejection', (event) => died(event.reason))
export const start = (init) => init().catch(died)
