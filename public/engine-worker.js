import init from '/engine.js'
import { start } from '/worker-start.js'
start(init)
