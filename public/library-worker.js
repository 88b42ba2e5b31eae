import init from '/library.js'
import { start } from '/worker-start.js'
start(init)
